package dev.filigree.zoo.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.DoubleStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import org.junit.jupiter.api.Test;

class AxisTest {
  @Test
  void ticksAreRoundNumbers() {
    assertThat(Axis.rounded(DoubleStream.of(1.9, 10.6), 0, 100, 4).ticks())
        .containsExactly(0.0, 2.5, 5.0, 7.5, 10.0, 12.5);
    assertThat(Axis.exact(DoubleStream.of(0, 600), 0, 100, 6).ticks())
        .containsExactly(0.0, 100.0, 200.0, 300.0, 400.0, 500.0, 600.0);
  }

  @Test
  void noValuesAndEqualValuesHaveAnAxis() {
    assertThat(Axis.rounded(DoubleStream.of(Double.NaN), 0, 1, 4).ticks()).isNotEmpty();
    Axis equal = Axis.rounded(DoubleStream.of(0.8, 0.8), 0, 1, 4);
    assertThat(equal.low()).isLessThan(0.8);
    assertThat(equal.high()).isGreaterThan(0.8);
  }

  @Property
  void everyValueLiesOnTheAxisAndTicksAreFew(
      @ForAll @DoubleRange(min = -1e6, max = 1e6) double a,
      @ForAll @DoubleRange(min = -1e6, max = 1e6) double b) {
    Axis axis = Axis.rounded(DoubleStream.of(a, b), 0, 100, 4);
    assertThat(axis.pixel(a)).isBetween(-1e-6, 100 + 1e-6);
    assertThat(axis.pixel(b)).isBetween(-1e-6, 100 + 1e-6);
    assertThat(axis.ticks()).hasSizeBetween(2, 8);
  }
}
