package dev.filigree.torch;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.function.Supplier;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;

class GradientHookTest {
  private final Tensor weight = torch.randn(4, 4).set_requires_grad(true);
  private final Tensor other = torch.randn(4, 4).set_requires_grad(true);
  private final Tensor x = torch.randn(3, 4);

  /** Doubles the gradient of the weight where it stands, if it may. */
  private static final class Doubling extends GradientHook {
    private boolean sole;

    @Override
    protected Tensor receive(Tensor gradient) {
      sole = isSole(gradient);
      return sole ? gradient.mul_(new Scalar(2.0)) : gradient.mul(new Scalar(2.0));
    }
  }

  private boolean isSole(Supplier<Tensor> loss) {
    weight.mutable_grad().reset();
    other.mutable_grad().reset();
    try (var _ = new PointerScope();
        var hook = new Doubling()) {
      int registration = weight.register_hook(hook);
      loss.get().backward();
      weight.remove_hook(registration);
      return hook.sole;
    }
  }

  @Test
  void theGradientOfAConvertedWeightIsNobodyElses() {
    ScalarType half = ScalarType.BFloat16;
    assertThat(isSole(() -> torch.linear(x.to(half), weight.to(half)).sum())).isTrue();
    Tensor expected = x.to(half).sum(0).to(ScalarType.Float).mul(new Scalar(2.0));
    assertThat(torch.allclose(weight.grad(), expected.expand(4, 4), 0.01, 0.01, false)).isTrue();
  }

  @Test
  void aGradientThatAnotherWeightHasTooIsNotToBeChanged() {
    Tensor factor = torch.randn(4, 4);
    assertThat(isSole(() -> weight.add(other).mul(factor).sum())).isFalse();
    assertThat(other.grad().equal(factor)).isTrue();
    assertThat(weight.grad().equal(factor.mul(new Scalar(2.0)))).isTrue();
  }

  @Test
  void norIsOneWhoseMemoryAnotherHas() {
    Tensor factor = torch.randn(16);
    assertThat(isSole(() -> weight.view(16).add(other.view(16)).mul(factor).sum())).isFalse();
    assertThat(other.grad().view(16).equal(factor)).isTrue();
    assertThat(isSole(() -> weight.sum())).isFalse();
    assertThat(weight.grad().eq(new Scalar(2.0)).all().item_bool()).isTrue();
  }

  @Test
  void anUnchangedGradientIsTakenWithoutACopy() {
    var seen = new long[1];
    var hook =
        new GradientHook() {
          @Override
          protected Tensor receive(Tensor gradient) {
            seen[0] = gradient.data_ptr().address();
            return gradient;
          }
        };
    weight.register_hook(hook);
    ScalarType half = ScalarType.BFloat16;
    torch.linear(x.to(half), weight.to(half)).sum().backward();
    assertThat(weight.grad().data_ptr().address()).isEqualTo(seen[0]);
  }
}
