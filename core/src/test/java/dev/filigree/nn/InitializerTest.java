package dev.filigree.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assertions.withinPercentage;

import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class InitializerTest {
  private static Tensor filled(Initializer initializer, long seed, String name, long... shape) {
    Tensor tensor = torch.empty(shape);
    initializer.fill(tensor, seed, name);
    return tensor;
  }

  @Test
  void theNormalDistributionHasItsMeanAndDeviation() {
    Tensor values = filled(new Initializer.Normal(0.5, 0.02), 1, "w", 400, 500);

    assertThat(values.mean().item_double()).isCloseTo(0.5, within(3e-4));
    assertThat(values.std().item_double()).isCloseTo(0.02, within(2e-4));
  }

  @Test
  void theTruncatedNormalDistributionStaysWithinItsBounds() {
    Tensor values = filled(new Initializer.TruncatedNormal(0, 1, -2, 2), 1, "w", 400, 500);

    assertThat(values.min().item_double()).isBetween(-2.0, -1.99);
    assertThat(values.max().item_double()).isBetween(1.99, 2.0);
    // The deviation of the standard normal distribution cut at ±2.
    assertThat(values.std().item_double()).isCloseTo(0.8796, within(5e-3));
  }

  @Test
  void theUniformDistributionFillsItsInterval() {
    Tensor values = filled(new Initializer.Uniform(-1, 3), 1, "w", 400, 500);

    assertThat(values.min().item_double()).isBetween(-1.0, -0.999);
    assertThat(values.max().item_double()).isBetween(2.999, 3.0);
    assertThat(values.mean().item_double()).isCloseTo(1, within(0.01));
  }

  @Test
  void valuesDependOnSeedNameAndPositionAlone() {
    var normal = new Initializer.Normal(0, 1);
    Tensor values = filled(normal, 1, "w", 300, 500);

    assertThat(filled(normal, 1, "w", 300, 500).equal(values)).isTrue();
    assertThat(filled(normal, 1, "w", 150_000).equal(values.reshape(-1))).isTrue();
    assertThat(filled(normal, 1, "w", 100, 500).equal(values.narrow(0, 0, 100))).isTrue();
    assertThat(filled(normal, 2, "w", 300, 500).equal(values)).isFalse();
    assertThat(filled(normal, 1, "v", 300, 500).equal(values)).isFalse();
  }

  @Test
  void scalingWidensTheDistribution() {
    assertThat(new Initializer.TruncatedNormal(0, 0.02, -0.04, 0.04).scaled(0.5))
        .isEqualTo(new Initializer.TruncatedNormal(0, 0.01, -0.02, 0.02));
  }

  @ParameterizedTest
  @CsvSource({"1, 5, 6", "1, -6, -5", "1, 0, 0.01", "-1, 0, 1"})
  void boundsThatLeaveNothingToDrawAreRefused(double std, double a, double b) {
    assertThatThrownBy(() -> new Initializer.TruncatedNormal(0, std, a, b))
        .isInstanceOf(IllegalArgumentException.class);
  }

  /** PyTorch's formulas, through the sample: uniform draws reach their bound, normal ones vary. */
  @ParameterizedTest
  @CsvSource({"'200, 300', 300, 200", "'40, 20, 5, 5', 500, 1000"})
  void kaimingAndXavierAreThoseOfPytorch(String sizes, double fanIn, double fanOut) {
    long[] shape = Stream.of(sizes.split(", ")).mapToLong(Long::parseLong).toArray();
    double gain = Math.sqrt(2);

    assertThat(bound(Initializer.kaimingUniform(gain, shape), shape))
        .isCloseTo(Math.sqrt(6 / fanIn), withinPercentage(0.2));
    assertThat(deviation(Initializer.kaimingNormal(gain, shape), shape))
        .isCloseTo(Math.sqrt(2 / fanIn), withinPercentage(2));
    assertThat(bound(Initializer.xavierUniform(1, shape), shape))
        .isCloseTo(Math.sqrt(6 / (fanIn + fanOut)), withinPercentage(0.2));
    assertThat(deviation(Initializer.xavierNormal(1, shape), shape))
        .isCloseTo(Math.sqrt(2 / (fanIn + fanOut)), withinPercentage(2));
  }

  /** libtorch's own initializers draw from the same interval. */
  @Test
  void libtorchsXavierHasTheSameBound() {
    Tensor theirs = torch.xavier_uniform_(torch.empty(200, 300), 5.0 / 3);
    assertThat(theirs.abs().max().item_double())
        .isCloseTo(Initializer.xavierUniform(5.0 / 3, 200, 300).b(), withinPercentage(0.2));
  }

  private static double bound(Initializer initializer, long... shape) {
    return filled(initializer, 1, "w", shape).abs().max().item_double();
  }

  private static double deviation(Initializer initializer, long... shape) {
    return filled(initializer, 1, "w", shape).std().item_double();
  }

  @Test
  void gainsAreThoseOfPytorch() {
    assertThat(Initializer.gain("linear")).isEqualTo(1);
    assertThat(Initializer.gain("tanh")).isEqualTo(5.0 / 3);
    assertThat(Initializer.gain("relu")).isEqualTo(Math.sqrt(2));
    assertThatThrownBy(() -> Initializer.gain("gelu"))
        .hasMessage("activation must be linear, sigmoid, tanh, relu or selu, found gelu");
    assertThatThrownBy(() -> Initializer.kaimingNormal(1, 5))
        .hasMessage("shape must be [out, in] or [out, in, ...] and not empty, found [5]");
  }

  @Test
  void otherTypesThanFloat32AreRefused() {
    Tensor half = torch.zeros(2).to(ScalarType.Half);

    assertThatThrownBy(() -> new Initializer.Constant(1).fill(half, 1, "w"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("w: only float32 tensors can be initialized");
  }
}
