package dev.filigree.nn;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.filigree.torch.Tensors;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class Conv2dTest {
  /** Channels that do not fill oneDNN's blocks are among them. */
  @ParameterizedTest
  @CsvSource({
    "3, 8, 7, 2",
    "8, 8, 3, 1",
    "24, 24, 3, 1",
    "20, 40, 3, 2",
    "40, 32, 1, 2",
    "3, 16, 3, 1",
    "16, 32, 3, 2"
  })
  void outputsAndGradientsAreThoseOfAProductWhateverMemoryHeldBefore(
      long in, long out, long kernel, long stride) {
    try (var _ = new PointerScope()) {
      torch.manual_seed(1);
      var layer = new Conv2d(in, out, kernel, stride, kernel / 2, true);
      Tensor x = torch.randn(2, in, 9, 9).set_requires_grad(true);
      Tensor columns =
          torch.im2col(
              x,
              new long[] {kernel, kernel},
              new long[] {1, 1},
              new long[] {kernel / 2, kernel / 2},
              new long[] {stride, stride});
      Tensor product = layer.weight().view(out, -1).matmul(columns);
      Tensor dy = torch.randn(2, out, product.size(2));
      product.mul(dy).sum().backward();
      Tensor dx = x.grad().clone();
      Tensor dw = layer.weight().grad().clone();
      for (int i = 0; i < 50; i++) {
        try (var _ = new PointerScope()) {
          torch.full(new long[] {1L << (8 + i % 10)}, new Scalar(Float.NaN)).close();
          x.mutable_grad().reset();
          layer.weight().mutable_grad().reset();
          Tensor y = layer.forward(x).flatten(2, 3).sub(bias(layer));
          y.mul(dy).sum().backward();
          assertClose(y, product);
          assertClose(x.grad(), dx);
          assertClose(layer.weight().grad(), dw);
        }
      }
    }
  }

  private static Tensor bias(Conv2d layer) {
    return requireNonNull(Tensors.namedParameters(layer).get("bias")).detach().view(1, -1, 1);
  }

  private static void assertClose(Tensor actual, Tensor expected) {
    double off = actual.sub(expected).abs().max().item_double();
    assertThat(off).isLessThan(1e-3);
  }
}
