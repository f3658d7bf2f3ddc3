package dev.filigree.schedule;

import static dev.filigree.schedule.Schedules.cosine;
import static dev.filigree.schedule.Schedules.cubic;
import static dev.filigree.schedule.Schedules.cycling;
import static dev.filigree.schedule.Schedules.exp;
import static dev.filigree.schedule.Schedules.linear;
import static dev.filigree.schedule.Schedules.polynomial;
import static dev.filigree.schedule.Schedules.power;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.filigree.config.ConfigException;
import dev.filigree.config.ConfigReader;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class SchedulesTest {
  static Stream<Schedule> all() {
    return Stream.of(
        new Constant(0.75),
        linear(0.1, 2e-4),
        linear(0.9, -1e-3),
        exp(0, -3e-4),
        exp(0.9, 0.001, 0.2),
        power(0.9, 0.99),
        cosine(0.5, 300),
        cosine(0.1, 70.3, 0.6),
        cosine(0.5, 37, 0.1).repeated(),
        cosine(0.5, 5.3).repeated(),
        cosine(0.5, 0.8).repeated(),
        cubic(0.5, 0.8, 0, 40, 5),
        cubic(0.9, 0.1, 33, 401, 7),
        polynomial(0.9, 10, 500),
        LearningRates.linearDecay(0, 6e-4, 71),
        new PolynomialDecay(0.1, 0.02, 33, 2, true),
        new ExponentialDecay(0.1, 30, 0.5, true),
        LearningRates.inverseTimeDecay(0.1, 1.5, 50, 0.3),
        LearningRates.inverseSquareRootDecay(1, 0.5, 40),
        LearningRates.warmRestarts(0.1, 13, 1, 0.01),
        LearningRates.warmRestarts(0.1, 13, 3, 0.01),
        LearningRates.stepDecay(0.1, 30, 0.5),
        LearningRates.multiStep(0.1, 0.5, 10, 60, 61),
        LearningRates.piecewiseConstant(new double[] {0.3, 0.1, 0.7, 0.2}, 20, 90, 95),
        LearningRates.oneCycle(0.01, 0.2, 333),
        new OneCycle(0.01, 0.2, 333, 0.31, 100, true, OneCycle.Anneal.LINEAR),
        LearningRates.cyclic(0.1, 0.4, 7, 11),
        new Cyclic(0.1, 0.4, 7, 11, Cyclic.Mode.TRIANGULAR2, 1),
        new Cyclic(0.1, 0.4, 7, 11, Cyclic.Mode.EXP_RANGE, 0.95),
        LearningRates.sequential(
            List.of(LearningRates.linearDecay(0, 0.1, 50), cosine(0.2, 40).repeated()), 50),
        LearningRates.chained(linear(0.1, 1e-3), power(1, 0.99)));
  }

  @ParameterizedTest
  @MethodSource("all")
  void aRangeHoldsTheExtremesOfEveryStepInIt(Schedule schedule) {
    var random = new Random(42);
    for (int i = 0; i < 200; i++) {
      long first = random.nextInt(400);
      long last = first + random.nextInt(i % 2 == 0 ? 5 : 600);
      double min = Double.POSITIVE_INFINITY;
      double max = Double.NEGATIVE_INFINITY;
      for (long step = first; step <= last; step++) {
        min = Math.min(min, schedule.at(step));
        max = Math.max(max, schedule.at(step));
      }
      Schedule.Range range = schedule.range(first, last);
      assertThat(range.min()).as("from %d to %d", first, last).isCloseTo(min, within(1e-15));
      assertThat(range.max()).as("from %d to %d", first, last).isCloseTo(max, within(1e-15));
      assertThat(range.end()).isEqualTo(schedule.at(last));
    }
  }

  @ParameterizedTest
  @MethodSource("all")
  void whatIsWrittenAsConfigurationReadsBackTheSame(Schedule schedule) {
    Object config = schedule.toConfig().orElseThrow();
    assertThat(LearningRates.parse(ConfigReader.of(config, "test"))).isEqualTo(schedule);
    assertThat(LearningRates.parse(ConfigReader.parse(schedule.describe(), "test")))
        .as("its text is YAML: %s", schedule)
        .isEqualTo(schedule);
  }

  @ParameterizedTest
  @MethodSource("all")
  void valuesDependOnTheStepAloneWhateverWasAskedBefore(Schedule schedule) {
    double[] forward = new double[300];
    for (int step = 0; step < 300; step++) {
      forward[step] = schedule.at(step);
    }
    for (int step = 299; step >= 0; step--) {
      assertThat(schedule.at(step)).isEqualTo(forward[step]);
    }
    assertThat(schedule.state()).isEmpty();
  }

  @Test
  void aDropFractionIsAnnealedAtEveryUpdate() {
    Schedule dropFraction = parse("{type: cosine, init: 0.3, half_period: 1000}");
    double before = 1;
    for (long step = 0; step <= 1000; step += 100) {
      assertThat(dropFraction.at(step)).isLessThan(before);
      before = dropFraction.at(step);
    }
    assertThat(dropFraction.at(0)).isEqualTo(0.3);
    assertThat(dropFraction.at(1000)).isZero();
  }

  @Test
  void aCosineStaysAtItsMinimumUnlessItIsCyclic() {
    Schedule stays = parse("{type: cosine, init: 0.5, half_period: 10, minimum: 0.1}");
    Schedule rises =
        parse("{type: cosine, init: 0.5, half_period: 10, minimum: 0.1, cyclic: true}");
    assertThat(stays.at(15)).isEqualTo(0.1);
    assertThat(stays.at(20)).isEqualTo(0.1);
    assertThat(rises.at(15)).isCloseTo(0.3, within(1e-15));
    assertThat(rises.at(20)).isEqualTo(0.5);
  }

  @Test
  void aResumedListGoesOnWhereItStood() {
    Cycling before = cycling(0.1, 0.2, 0.5);
    before.advance();
    before.advance();
    Cycling resumed = cycling(0.1, 0.2, 0.5);
    resumed.load(before.state());
    assertThat(resumed.at(0)).isEqualTo(0.5);
    resumed.advance();
    assertThat(resumed.at(0)).isEqualTo(0.1);
  }

  @Test
  void aStateOfAnotherScheduleIsRefused() {
    assertThatThrownBy(() -> cycling(0.1, 0.2).load(Map.of("index", 2L)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("[0.1, 0.2] needs the state {index: 0 to 1}, found {index=2}");
    assertThatThrownBy(() -> cycling(0.1, 0.2).load(Map.of()))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> cosine(0.5, 10).load(Map.of("index", 0L)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("has no state, found [index]");
  }

  @Test
  void aListInsideAnotherScheduleWouldLoseItsStateAndIsRefused() {
    assertThatThrownBy(
            () -> LearningRates.sequential(List.of(cycling(0.1, 0.2), cosine(0.5, 10)), 5))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("[0.1, 0.2] moves on at updates");
  }

  @Test
  void aCubicRisesInWholeIntervals() {
    Cubic cubic = cubic(0.5, 0.8, 0, 40, 5);
    assertThat(cubic.at(0)).isEqualTo(0.5);
    assertThat(cubic.at(4)).isEqualTo(0.5);
    assertThat(cubic.at(5)).isCloseTo(0.8 - 0.3 * Math.pow(7 / 8.0, 3), within(1e-15));
    assertThat(cubic.at(9)).isEqualTo(cubic.at(5));
    assertThat(cubic.at(39)).isCloseTo(0.8 - 0.3 / 512, within(1e-15));
    assertThat(cubic.at(40)).isEqualTo(0.8);
    assertThat(cubic.at(1_000_000)).isEqualTo(0.8);
    assertThat(cubic(0.5, 0.8, 100, 140, 5).at(7)).isEqualTo(0.5);
  }

  @Test
  void aLambdaIsASchedule() {
    Schedule halving = step -> 0.5 / (1 + step);
    assertThat(halving.range(0, 4)).isEqualTo(new Schedule.Range(0.1, 0.5, 0.1));
    assertThat(halving.toConfig()).isEmpty();
  }

  @Test
  void aRegisteredTypeIsReadByItsNameWithItsRatesChecked() {
    Schedules.register(
        "Sawtooth",
        config -> {
          double high = config.number("high");
          long period = config.integer("period");
          return step -> high * (step % period) / period;
        },
        "high");
    assertThat(parse("{type: sawtooth, high: 0.8, period: 4}").at(7)).isEqualTo(0.8 * 3 / 4);
    assertThatThrownBy(() -> parse("{type: sawtooth, high: 1.8, period: 4}"))
        .isInstanceOf(ConfigException.class)
        .hasMessage("test.yaml:1: high: must lie in [0, 1], found 1.8");
    assertThatThrownBy(() -> Schedules.register("sawTooth", config -> new Constant(0)))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          1.5 | test.yaml:1: must lie in [0, 1], found 1.5
          -0.1 | test.yaml:1: must lie in [0, 1], found -0.1
          .nan | test.yaml:1: must lie in [0, 1], found NaN
          half | test.yaml:1: expected a number, a list of numbers or a map with 'type', found the text 'half'
          [0.1, 2] | test.yaml:1: 1: must lie in [0, 1], found 2.0
          [] | test.yaml:1: a cycling schedule needs at least one value
          {init: 0.3} | 'type' is missing; allowed: constant, cosine, cubic,
          {type: cosin, init: 1} | test.yaml:1: type: unknown schedule 'cosin'; allowed: constant, cosine,
          {type: cosine, init: 0.3} | test.yaml:1: 'half_period' is missing
          {type: cosine, init: 0.3, half_period: 0} | test.yaml:1: half_period must be above 0, found 0.0
          {type: cosine, init: 0.3, half_period: 9, min: 0} | min: unknown key; allowed here: cyclic, half_period, init, minimum, type
          {type: exp, init: 0, gamma: -1, final: 7} | test.yaml:1: final: must lie in [0, 1], found 7.0
          {type: linear, init: x, slope: 1} | test.yaml:1: init: expected a number, found the text 'x'
          {type: power, init: 1, beta: -1} | test.yaml:1: beta must be at least 0, found -1.0
          {type: cubic, init_sparsity: 0, end_sparsity: 0.8, sparsity_start_step: 5, sparsity_end_step: 9, prune_every_k_steps: 5} | no whole interval
          {type: polynomial, target: 0.9, start: 9, end: 9} | test.yaml:1: end must be above start 9, found 9
          """)
  void badConfigurationIsNamedWithItsPlace(String yaml, String message) {
    assertThatThrownBy(() -> parse(yaml))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining(message);
  }

  @Test
  void typesAreReadInAnyCase() {
    assertThat(parse("{type: Cosine, init: 0.3, half_period: 10}")).isEqualTo(cosine(0.3, 10));
  }

  private static Schedule parse(String yaml) {
    return Schedules.parse(ConfigReader.parse(yaml, "test.yaml"));
  }
}
