package dev.filigree.sparsity;

import static org.assertj.core.api.Assertions.assertThat;

import dev.filigree.nn.Linear;
import dev.filigree.torch.Tensors;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SparseInferenceTest {
  private static final long IN = 1100;
  private static final long OUT = 520;

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 7, 8, 9, 33, 100})
  void aCompressedLayerComputesWhatTheDenseOneDoes(int tokens) {
    try (var _ = new PointerScope();
        var _ = new NoGradGuard();
        var sparse = new SparseInference()) {
      Linear layer = layer(0.8);
      Tensor x = torch.randn(tokens, IN);
      Tensor expected = layer.forward(x);
      long kept = layer.weight().count_nonzero().item_long();

      assertThat(sparse.compress("layer.weight", layer.weight())).isTrue();

      assertThat(Tensors.shape(layer.weight())).containsExactly(kept);
      assertThat(torch.allclose(layer.forward(x), expected, 1e-4, 1e-5, false)).isTrue();
      assertThat(sparse.layers()).isEqualTo(1);
    }
  }

  @Test
  void aLayerThatIsHardlySparseStaysDense() {
    try (var _ = new PointerScope();
        var _ = new NoGradGuard();
        var sparse = new SparseInference()) {
      Linear layer = layer(0.5);
      assertThat(sparse.compress("layer.weight", layer.weight())).isFalse();
      assertThat(Tensors.shape(layer.weight())).containsExactly(OUT, IN);
      assertThat(sparse.layers()).isZero();
    }
  }

  @Test
  void aSmallLayerStaysDense() {
    try (var _ = new PointerScope();
        var _ = new NoGradGuard();
        var sparse = new SparseInference()) {
      var layer = new Linear(64, 64, true);
      layer.weight().zero_();
      assertThat(sparse.compress("layer.weight", layer.weight())).isFalse();
    }
  }

  @Test
  void aTensorThatIsNoLayersWeightIsLeftAlone() {
    try (var _ = new PointerScope();
        var _ = new NoGradGuard();
        var sparse = new SparseInference()) {
      Tensor zeros = torch.zeros(OUT, IN);
      assertThat(sparse.compress("zeros", zeros)).isFalse();
      assertThat(Tensors.shape(zeros)).containsExactly(OUT, IN);
    }
  }

  private static Linear layer(double sparsity) {
    torch.manual_seed(5);
    var layer = new Linear(IN, OUT, true);
    Tensor kept = torch.rand(OUT, IN).ge(new Scalar(sparsity));
    layer.weight().mul_(kept);
    return layer;
  }
}
