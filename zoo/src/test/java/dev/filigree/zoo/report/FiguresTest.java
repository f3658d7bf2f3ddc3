package dev.filigree.zoo.report;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class FiguresTest {
  @Test
  void threeDigitsSayEnough() {
    assertThat(Figures.significant(0)).isEqualTo("0");
    assertThat(Figures.significant(2.5)).isEqualTo("2.5");
    assertThat(Figures.significant(123.4)).isEqualTo("123");
    assertThat(Figures.significant(0.0012)).isEqualTo("0.0012");
    assertThat(Figures.significant(2e-4)).isEqualTo("2e-4");
    assertThat(Figures.significant(-10)).isEqualTo("-10");
  }

  @Test
  void largeNumbersHaveAMagnitude() {
    assertThat(Figures.compact(999)).isEqualTo("999");
    assertThat(Figures.compact(999.6)).isEqualTo("1 k");
    assertThat(Figures.compact(1_234_567)).isEqualTo("1.23 M");
    assertThat(Figures.compact(-20_000)).isEqualTo("-20 k");
    assertThat(Figures.count(12_500)).isEqualTo("12,500");
    assertThat(Figures.count(2_500_000)).isEqualTo("2.5 M");
  }

  @Test
  void bytesAndTimesHaveTheirUnits() {
    assertThat(Figures.bytes(1023)).isEqualTo("1023 B");
    assertThat(Figures.bytes(1.5 * (1 << 30))).isEqualTo("1.5 GiB");
    assertThat(Figures.duration(12.34)).isEqualTo("12.3 s");
    assertThat(Figures.duration(125)).isEqualTo("2 min 5 s");
    assertThat(Figures.duration(3725)).isEqualTo("1 h 2 min");
  }

  @Test
  void whatIsNotKnownIsADash() {
    assertThat(Figures.fixed(Double.NaN, 2)).isEqualTo("–");
    assertThat(Figures.compact(Double.POSITIVE_INFINITY)).isEqualTo("–");
    assertThat(Figures.percent(Double.NaN)).isEqualTo("–");
    assertThat(Figures.significant(Double.NaN)).isEqualTo("–");
  }

  @Test
  void perplexitiesAreRoundedInOneWay() {
    assertThat(Figures.perplexity(8.837)).isEqualTo("8.84");
    assertThat(Figures.perplexity(120)).isEqualTo("120.00");
    assertThat(Figures.perplexity(51_234)).isEqualTo("51.2 k");
    assertThat(Figures.perplexity(Double.NaN)).isEqualTo("–");
  }
}
