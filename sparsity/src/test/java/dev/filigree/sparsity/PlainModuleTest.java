package dev.filigree.sparsity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.filigree.nn.Linear;
import dev.filigree.optim.AdamW;
import dev.filigree.sparsity.algorithm.SparsityAlgorithm;
import dev.filigree.sparsity.algorithm.Static;
import dev.filigree.torch.Tensors;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Modules that extend libtorch's own class and hold layers of either kind. */
class PlainModuleTest {
  private PointerScope scope;

  @BeforeEach
  void openScope() {
    scope = new PointerScope();
  }

  @AfterEach
  void closeScope() {
    scope.close();
  }

  private static final class Inner extends Module {
    private final Linear first = new Linear(16, 24, true);

    Inner() {
      register_module("first", first);
      first.weight().set_data(torch.randn(24, 16));
    }
  }

  private static final class Net extends Module {
    private final Inner inner = new Inner();
    private final LinearImpl out = new LinearImpl(24, 8);

    Net() {
      register_module("inner", inner);
      register_module("out", out);
    }

    Tensor forward(Tensor x) {
      return out.forward(inner.first.forward(x).tanh());
    }
  }

  @Test
  void layersInAPlainModuleAreCompressedAndTrain() {
    var net = new Net();
    try (SparseOptimizer optimizer = wrap(net, "inner.first.weight", Execution.COMPRESSED)) {
      SparseParameter first = optimizer.parameters().getFirst();
      assertThat(first.name()).isEqualTo("inner.first.weight");
      assertThat(first.execution()).isEqualTo(Execution.COMPRESSED);
      assertThat(first.executionReason()).isEmpty();
      assertThat(first.weight().numel()).isEqualTo(38); // a tenth of 384
      Tensor x = torch.randn(6, 16);
      Tensor expected =
          net.out.forward(torch.mm(x, first.dense().t()).add(net.inner.first.bias()).tanh());
      assertThat(torch.allclose(net.forward(x), expected, 1e-4, 1e-5, false)).isTrue();
      net.forward(x).sum().backward();
      optimizer.step();
      optimizer.verify();
    }
  }

  @Test
  void libtorchsOwnLinearLayerIsMaskedAndSaysWhy() {
    var net = new Net();
    assertThatThrownBy(() -> wrap(net, "out.weight", Execution.COMPRESSED))
        .hasMessage(
            "'out.weight' cannot run compressed: it belongs to libtorch's own LinearImpl, which"
                + " computes out of reach; a dev.filigree.nn.Linear layer does not");
    try (SparseOptimizer optimizer = wrap(net, "out.weight", Execution.AUTO)) {
      SparseParameter out = optimizer.parameters().getFirst();
      assertThat(out.execution()).isEqualTo(Execution.MASKED);
      assertThat(out.executionReason())
          .hasValueSatisfying(why -> assertThat(why).contains("LinearImpl"));
    }
  }

  @Test
  void everyMaskedParameterHasItsReason() {
    var net = new Net();
    try (SparseOptimizer optimizer = wrap(net, "inner.first.weight", Execution.MASKED)) {
      assertThat(reasons(optimizer)).containsExactly("execution is masked");
    }
    var half = Static.builder().sparsity(0.4).build();
    try (SparseOptimizer optimizer = wrap(net, half, "inner.first.weight", Execution.AUTO)) {
      assertThat(reasons(optimizer))
          .containsExactly(
              "its sparsity is 0.400, and here a layer of its size is faster compressed from"
                  + " 0.500");
    }
  }

  private static List<String> reasons(SparseOptimizer optimizer) {
    return optimizer.parameters().stream().map(p -> p.executionReason().orElseThrow()).toList();
  }

  private static SparseOptimizer wrap(Module net, String filter, Execution execution) {
    return wrap(net, Static.builder().sparsity(0.9).build(), filter, execution);
  }

  private static SparseOptimizer wrap(
      Module net, SparsityAlgorithm algorithm, String filter, Execution execution) {
    return Sparsity.wrap(
        net,
        new AdamW(Tensors.namedParameters(net).values(), AdamW.options()),
        AlgorithmGroup.empty().with(new ParameterFilter(List.of(filter)), algorithm),
        SparsityOptions.defaults().execution(execution));
  }
}
