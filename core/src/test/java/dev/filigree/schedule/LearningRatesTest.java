package dev.filigree.schedule;

import static dev.filigree.schedule.LearningRates.chained;
import static dev.filigree.schedule.LearningRates.cosineDecay;
import static dev.filigree.schedule.LearningRates.linearDecay;
import static dev.filigree.schedule.LearningRates.sequential;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import dev.filigree.config.ConfigException;
import dev.filigree.config.ConfigReader;
import dev.filigree.testing.Golden;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class LearningRatesTest {
  private static final String WARM_UP_AND_DECAY =
      """
      - SequentialLR:
          schedulers:
          - LinearLR:
              initial_learning_rate: 0.0
              end_learning_rate: 0.0006
              total_iters: 716
          - CosineDecayLR:
              initial_learning_rate: 0.0006
              end_learning_rate: 6.0e-05
              total_iters: 4062
      """;

  static Stream<JsonNode> rows() {
    return Golden.resource("pytorch_schedulers.json").get("schedulers").valueStream();
  }

  @ParameterizedTest
  @MethodSource("rows")
  void valuesAreThoseOfPyTorch(JsonNode row) {
    Schedule schedule =
        LearningRates.parse(ConfigReader.of(Golden.plain(row.get("config")), "golden"));
    for (int step = 0; step < row.get("values").size(); step++) {
      assertThat(schedule.at(step))
          .as("%s at step %d", schedule, step)
          .isCloseTo(row.get("values").get(step).asDouble(), within(1e-12));
    }
  }

  @Test
  void milestonesDefaultToThePartsEndToEnd() {
    Schedule schedule = parse(WARM_UP_AND_DECAY);
    assertThat(schedule)
        .isEqualTo(
            sequential(List.of(linearDecay(0, 6e-4, 716), cosineDecay(6e-4, 6e-5, 4062)), 716));
    assertThat(schedule.at(0)).isZero();
    assertThat(schedule.at(358)).isCloseTo(3e-4, within(1e-18));
    assertThat(schedule.at(716)).isEqualTo(6e-4);
    assertThat(schedule.at(716 + 2031)).isCloseTo(3.3e-4, within(1e-18));
    assertThat(schedule.at(716 + 4062)).isEqualTo(6e-5);
    assertThat(schedule.at(100_000)).isEqualTo(6e-5);
  }

  @Test
  void milestonesOfSeveralPartsAddUp() {
    Schedule schedule =
        parse(
            """
            SequentialLR:
              schedulers:
              - LinearLR: {initial_learning_rate: 0, end_learning_rate: 1, total_iters: 10}
              - ConstantLR: {learning_rate: 1, total_iters: 20}
              - StepLR: {initial_learning_rate: 1, step_size: 5, gamma: 0.5}
            """);
    assertThat(schedule.at(29)).isEqualTo(1);
    assertThat(schedule.at(34)).isEqualTo(1);
    assertThat(schedule.at(35)).isEqualTo(0.5);
  }

  @Test
  void aNumberIsAConstantRateAndMayBeAboveOne() {
    assertThat(parse("2.5")).isEqualTo(new Constant(2.5));
    assertThat(parse("{type: cosine, init: 3, half_period: 10}").at(0)).isEqualTo(3);
  }

  @Test
  void aBlockSchedulesLearningRateAndWeightDecay() {
    OptimizerSchedules schedules =
        OptimizerSchedules.parse(
            ConfigReader.parse(
                WARM_UP_AND_DECAY
                    + "- CosineDecayWD: {initial_val: 0.1, end_val: 0.01, total_iters: 50}\n",
                "test.yaml"));
    assertThat(schedules.learningRate().orElseThrow().at(716)).isEqualTo(6e-4);
    assertThat(schedules.weightDecay()).contains(cosineDecay(0.1, 0.01, 50));
  }

  @Test
  void defaultsAreTheModelZoos() {
    assertThat(parse("InverseSquareRootDecayLR:")).isEqualTo(new InverseSquareRootDecay(1, 1, 1));
    assertThat(parse("CyclicLR: {base_lr: 0.1, max_lr: 1, scale_mode: cycle}"))
        .isEqualTo(LearningRates.cyclic(0.1, 1, 2000, 2000));
    assertThat(parse("OneCycleLR: {initial_learning_rate: 0.01, max_lr: 0.1}"))
        .isEqualTo(LearningRates.oneCycle(0.01, 0.1, 1000));
    assertThat(
            parse("PolynomialLR: {initial_learning_rate: 1, end_learning_rate: 0, total_iters: 9}"))
        .isEqualTo(linearDecay(1, 0, 9));
  }

  @Test
  void warmRestartsReachTheirFirstValueAgainAtEveryRestart() {
    Schedule schedule = parse("CosineAnnealingWarmRestarts: {initial_learning_rate: 0.5, T_0: 10}");
    assertThat(schedule.at(15)).isCloseTo(0.25, within(1e-15));
    assertThat(schedule.at(20)).isEqualTo(0.5);
    assertThat(schedule.at(35)).isCloseTo(0.25, within(1e-15));
  }

  @Test
  void aPolynomialThatCyclesStartsAgainLowerOnceItIsAtItsEnd() {
    Schedule schedule =
        parse(
            "LinearLR: {initial_learning_rate: 1, end_learning_rate: 0, total_iters: 4, cycle: true}");
    assertThat(schedule.at(4)).isZero();
    assertThat(schedule.at(5)).isEqualTo(1 - 5 / 8.0);
    assertThat(schedule.at(8)).isZero();
    assertThat(schedule.at(9)).isEqualTo(1 - 9 / 12.0);
  }

  @Test
  void oneCycleStaysAtItsEnd() {
    OneCycle schedule = LearningRates.oneCycle(0.01, 0.1, 100);
    assertThat(schedule.at(99)).isCloseTo(1e-6, within(1e-18));
    assertThat(schedule.at(5000)).isEqualTo(schedule.at(99));
  }

  @Test
  void aChainMultipliesTheCoursesOfItsParts() {
    Schedule schedule =
        parse(
            """
            ChainedLR:
              schedulers:
              - LinearLR: {initial_learning_rate: 0, end_learning_rate: 0.1, total_iters: 10}
              - InverseSquareRootDecayLR: {initial_learning_rate: 0.2, scale: 3, warmup_steps: 4}
            """);
    assertThat(schedule.at(9)).isCloseTo(0.09 * 3 / Math.sqrt(9), within(1e-15));
  }

  @Test
  void aPartThatStartsAtZeroMustBeFirstInAChain() {
    assertThatThrownBy(() -> chained(new Constant(1), linearDecay(0, 1, 5)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("starts at 0 and has no course relative to that: put it first");
  }

  @Test
  void aScheduleScaledByParameterGroupIsTheScheduleItselfWhereNoGroupHasAScale() {
    assertThat(
            parse(
                """
                ScalePerParamLR:
                  scheduler:
                    LinearLR: {initial_learning_rate: 0.4, end_learning_rate: 0, total_iters: 4}
                """))
        .isEqualTo(linearDecay(0.4, 0, 4));
  }

  @Test
  void aRegisteredSchedulerIsReadByItsName() {
    LearningRates.register(
        "WarmupLR",
        config -> {
          double peak = config.number("peak");
          return step -> Math.min(1, step / 10.0) * peak;
        });
    assertThat(parse("WarmupLR: {peak: 0.4}").at(5)).isEqualTo(0.2);
    assertThatThrownBy(() -> LearningRates.register("StepLR", config -> new Constant(0)))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> LearningRates.register("ChainedScheduler", config -> new Constant(0)))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          -1e-3 | test.yaml:1: must be a finite number of at least 0, found -0.001
          fast | test.yaml:1: expected a number, found the text 'fast'
          [] | expected one scheduler, found none
          ConstantWD: {val: 0.1} | expected the schedule of a learning rate, found one of a weight decay
          CosinLR: {T_max: 5} | test.yaml:1: CosinLR: unknown scheduler of a learning rate: one of ChainedLR, ConstantLR,
          CosinWD: {T_max: 5} | test.yaml:1: CosinWD: unknown scheduler of a weight decay: one of ChainedWD, ConstantWD,
          ConstantLR: {learning_rate: -1} | test.yaml:1: ConstantLR.learning_rate: must be a finite number of at least 0
          ConstantLR: {rate: 1} | test.yaml:1: ConstantLR: 'learning_rate' is missing
          ConstantLR: {learning_rate: 1, rate: 1} | ConstantLR.rate: unknown key; allowed here: learning_rate, param_group_tags, total_iters
          LinearLR: {initial_learning_rate: 0, end_learning_rate: 1, total_iters: 0} | test.yaml:1: LinearLR: total_iters must be above 0, found 0
          LambdaLR: {initial_learning_rate: 1} | a lambda is code
          CyclicLR: {base_lr: 0, max_lr: 1, mode: saw} | CyclicLR.mode: allowed: triangular, triangular2, exp_range; found the text 'saw'
          OneCycleLR: {initial_learning_rate: 0, max_lr: 1, pct_start: 1} | pct_start must lie between 0 and 1.0, found 1.0
          MultiStepLR: {initial_learning_rate: 1, gamma: 0.1, milestones: [5, 5]} | milestones must be above 0 and rise, found [5, 5]
          PiecewiseConstantLR: {learning_rates: [1, 2], milestones: []} | 2 parts need 1 milestones, found 0
          SequentialLR: {schedulers: [{StepLR: {initial_learning_rate: 1, step_size: 1, gamma: 1}}, 0.1]} | SequentialLR.schedulers.0: how long is it?
          SequentialLR: {schedulers: [0.1, 0.2], milestones: [1, 2]} | test.yaml:1: SequentialLR: 2 parts need 1 milestones, found 2
          [{ConstantLR: {learning_rate: 1}}, 0.5] | test.yaml:1: 1: a second schedule of the learning rate
          {StepLR: {}, ConstantLR: {}} | expected one scheduler {Name: {...}}, found the keys [StepLR, ConstantLR]
          """)
  void badConfigurationIsNamedWithItsPlace(String yaml, String message) {
    assertThatThrownBy(() -> parse(yaml))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining(message);
  }

  private static Schedule parse(String yaml) {
    return LearningRates.parse(ConfigReader.parse(yaml, "test.yaml"));
  }
}
