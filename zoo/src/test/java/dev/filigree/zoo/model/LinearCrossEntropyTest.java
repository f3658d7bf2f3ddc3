package dev.filigree.zoo.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.DeviceType;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Against its plain twin, the cross entropy of whole logits. */
class LinearCrossEntropyTest {
  private static final long CLASSES = 11;

  private final PointerScope scope = new PointerScope();
  private final Tensor x = random(2, 7, 5);
  private final Tensor weight = random(CLASSES, 5);
  private final Tensor labels = torch.randint(CLASSES, new long[] {2, 7}).to(ScalarType.Long);
  private final Tensor mask = torch.rand(2, 7).gt(new Scalar(0.4)).to(ScalarType.Float);

  LinearCrossEntropyTest() {
    labels.select(0, 0).select(0, 3).fill_(new Scalar(CrossEntropy.IGNORED));
  }

  @org.junit.jupiter.api.AfterEach
  void close() {
    scope.close();
  }

  private static Tensor random(long... shape) {
    torch.manual_seed(shape[0]);
    return torch.randn(shape).set_requires_grad(true);
  }

  /** The loss and the gradients of x and the weight, of three times the loss. */
  private List<Tensor> results(Tensor loss) {
    x.mutable_grad().reset();
    weight.mutable_grad().reset();
    loss.mul(new Scalar(3.0)).backward();
    return List.of(loss.detach(), x.grad().clone(), weight.grad().clone());
  }

  @ParameterizedTest
  @CsvSource({"1, false", "33, false", "33, true", "1000000, true"})
  void partsGiveWhatWholeLogitsGive(long mostLogits, boolean masked) {
    Tensor counted = masked ? mask : null;
    List<Tensor> whole = results(CrossEntropy.loss(torch.linear(x, weight), labels, counted));
    List<Tensor> parts = results(LinearCrossEntropy.loss(x, weight, labels, counted, mostLogits));
    for (int i = 0; i < whole.size(); i++) {
      assertThat(torch.allclose(parts.get(i), whole.get(i), 1e-5, 1e-6, false))
          .as("%s and %s", parts.get(i), whole.get(i))
          .isTrue();
    }
  }

  @Test
  void sixteenBitProductsAreTheTwinsToTheirAccuracy() {
    torch.set_autocast_dtype(DeviceType.CPU, ScalarType.BFloat16);
    torch.set_autocast_enabled(DeviceType.CPU, true);
    Tensor whole;
    Tensor parts;
    try {
      whole = CrossEntropy.loss(torch.linear(x, weight), labels, null);
      parts = LinearCrossEntropy.loss(x, weight, labels, null, 33);
    } finally {
      torch.set_autocast_enabled(DeviceType.CPU, false);
      torch.clear_cache();
    }
    List<Tensor> expected = results(whole);
    List<Tensor> found = results(parts);
    for (int i = 0; i < expected.size(); i++) {
      Tensor error = found.get(i).sub(expected.get(i)).norm();
      assertThat(error.item_double()).isLessThan(0.01 * expected.get(i).norm().item_double());
    }
  }

  @Test
  void withoutGradientsOnlyTheLossIsComputed() {
    Tensor expected = CrossEntropy.loss(torch.linear(x, weight), labels, mask).detach();
    try (var _ = new NoGradGuard()) {
      Tensor loss = LinearCrossEntropy.loss(x, weight, labels, mask, 33);
      assertThat(loss.requires_grad()).isFalse();
      assertThat(torch.allclose(loss, expected)).isTrue();
    }
  }

  @Test
  void nothingThatCountsGivesZero() {
    Tensor none = torch.zeros_like(mask);
    List<Tensor> results = results(LinearCrossEntropy.loss(x, weight, labels, none, 33));
    results.forEach(tensor -> assertThat(tensor.norm().item_double()).isZero());
  }
}
