package dev.filigree.torch;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;

class CustomFunctionTest {
  private final Tensor x0 = torch.randn(6, 4);
  private final Tensor u = torch.randn(4, 4).set_requires_grad(true);

  /** A square, by hand. */
  private static Tensor square(Tensor x) {
    Tensor data = x.detach();
    return CustomFunction.apply(
        x, data.mul(data), gradient -> gradient.mul(data).mul(new Scalar(2.0)));
  }

  @Test
  void gradientsAreThoseOfAutograd() {
    torch.mm(x0, u).pow(new Scalar(2)).exp().sum().backward();
    Tensor expected = u.grad().clone();
    u.mutable_grad().reset();
    try (var _ = new PointerScope()) {
      Tensor x = torch.mm(x0, u);
      square(x).exp().sum().backward();
      assertThat(torch.allclose(u.grad(), expected)).isTrue();
    }
  }

  @Test
  void gradientsOfSeveralUsesAddUp() {
    try (var _ = new PointerScope()) {
      Tensor x = torch.mm(x0, u);
      square(x).add(square(x)).add(x).sum().backward();
      Tensor found = u.grad().clone();
      u.mutable_grad().reset();
      Tensor y = torch.mm(x0, u);
      y.pow(new Scalar(2)).mul(new Scalar(2.0)).add(y).sum().backward();
      assertThat(torch.allclose(found, u.grad())).isTrue();
    }
  }

  @Test
  void backwardRunsForAnInputWithoutGradient() {
    var calls = new AtomicInteger();
    try (var _ = new PointerScope()) {
      CustomFunction.apply(
              x0,
              x0.mul(x0),
              gradient -> {
                calls.incrementAndGet();
                return gradient;
              })
          .sum()
          .backward();
    }
    assertThat(calls).hasValue(1);
  }

  @Test
  void eachOfSeveralInputsHasItsOwnGradient() {
    try (var _ = new PointerScope()) {
      Tensor half = u.to(ScalarType.BFloat16); // of another type than the output
      Tensor x = torch.mm(x0, u).set_requires_grad(true);
      Tensor product = torch.mm(x.detach(), half.detach().to(ScalarType.Float));
      Tensor a = x.detach();
      Tensor b = half.detach().to(ScalarType.Float);
      Tensor y =
          CustomFunction.apply(
              List.of(x, half),
              product,
              dy -> List.of(torch.mm(dy, b.t()), torch.mm(a.t(), dy).to(ScalarType.BFloat16)),
              () -> {});
      y.exp().sum().backward();
      Tensor found = u.grad().clone();
      u.mutable_grad().reset();
      torch
          .mm(torch.mm(x0, u), u.to(ScalarType.BFloat16).to(ScalarType.Float))
          .exp()
          .sum()
          .backward();
      assertThat(torch.allclose(found, u.grad(), 1e-5, 1e-5, false)).isTrue();
    }
  }

  @Test
  void infinitiesOfTheInputDoNotReachTheCarrier() {
    try (var _ = new PointerScope()) {
      Tensor x = torch.full(new long[] {3}, new Scalar(Double.POSITIVE_INFINITY));
      x.set_requires_grad(true);
      CustomFunction.apply(x, torch.ones(3), dy -> dy.mul(new Scalar(2.0))).sum().backward();
      assertThat(x.grad().eq(new Scalar(2.0)).all().item_bool()).isTrue();
    }
  }

  @Test
  void nothingIsRecordedWithoutGradMode() {
    try (var _ = new NoGradGuard()) {
      assertThat(square(u).requires_grad()).isFalse();
    }
  }

  @Test
  void worksWithoutAScope() {
    for (int i = 0; i < 50; i++) {
      square(torch.mm(x0, u)).sum().backward();
    }
    assertThat(u.grad().isfinite().all().item_bool()).isTrue();
  }
}
