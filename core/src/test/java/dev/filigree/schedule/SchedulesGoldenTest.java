package dev.filigree.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.DoubleNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.filigree.config.ConfigReader;
import dev.filigree.testing.Golden;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every row of the golden schedules, which other libraries computed in float32. */
class SchedulesGoldenTest {
  static Stream<JsonNode> hyperparameters() {
    return Golden.open("schedules.json.gz").get("hyperparameters").valueStream();
  }

  static Stream<JsonNode> updates() {
    return Golden.open("schedules.json.gz").get("updates").valueStream();
  }

  static Stream<JsonNode> polynomials() {
    return Golden.open("jaxpruner.json.gz").get("polynomial").valueStream();
  }

  static Stream<JsonNode> cosines() {
    return hyperparameters().filter(SchedulesGoldenTest::isCosine);
  }

  static Stream<JsonNode> cyclings() {
    return hyperparameters().filter(row -> row.has("cycling"));
  }

  @ParameterizedTest
  @MethodSource("hyperparameters")
  void valuesAreThoseOfTheReference(JsonNode row) {
    Schedule schedule = schedule(row);
    for (int i = 0; i < row.get("steps").size(); i++) {
      long step = row.get("steps").get(i).asLong();
      assertValue(schedule, step, row.get("values").get(i).asDouble());
    }
  }

  @ParameterizedTest
  @MethodSource("hyperparameters")
  void minimumMaximumAndEndAreThoseOfTheReference(JsonNode row) {
    Schedule schedule = schedule(row);
    Schedule.Range range = schedule.range(0, 1000);
    JsonNode expected = row.get("min_max_end_0_1000");
    var tolerance = within(tolerance(schedule, 1000, Math.abs(range.max())));
    assertThat(range.end()).isCloseTo(expected.get(2).asDouble(), tolerance);
    if (schedule instanceof Cosine cosine && !isAtItsMinimumBefore1000(cosine)) {
      // The reference gives the bounds of the whole wave, reached within the range or not.
      assertThat(range.min()).isGreaterThan(expected.get(0).asDouble() - 1e-6);
      assertThat(range.max()).isLessThan(expected.get(1).asDouble() + 1e-6);
    } else {
      assertThat(range.min()).isCloseTo(expected.get(0).asDouble(), tolerance);
      assertThat(range.max()).isCloseTo(expected.get(1).asDouble(), tolerance);
    }
  }

  private static boolean isAtItsMinimumBefore1000(Cosine cosine) {
    return cosine.halfPeriod() <= 1000 && cosine.halfPeriod() == Math.rint(cosine.halfPeriod());
  }

  @ParameterizedTest
  @MethodSource("cosines")
  void aCosineThatIsNotCyclicIsTheSameUpToItsHalfPeriodAndThenStays(JsonNode row) {
    Cosine cosine =
        (Cosine)
            Schedules.parse(ConfigReader.of(Golden.plain(float32(row.get("config"))), "golden"));
    for (int i = 0; i < row.get("steps").size(); i++) {
      long step = row.get("steps").get(i).asLong();
      if (step <= cosine.halfPeriod()) {
        assertValue(cosine, step, row.get("values").get(i).asDouble());
      } else {
        assertThat(cosine.at(step)).isEqualTo(cosine.minimum());
      }
    }
  }

  @ParameterizedTest
  @MethodSource("cyclings")
  void aListMovesOnAtUpdatesOnly(JsonNode row) {
    Schedule schedule = schedule(row);
    for (JsonNode pair : row.get("cycling")) {
      assertValue(schedule, 0, pair.get(1).asDouble());
      if (pair.get(0).asBoolean()) {
        schedule.advance();
      }
    }
  }

  @ParameterizedTest
  @MethodSource("updates")
  void updateStepsAreThoseOfTheReference(JsonNode row) {
    UpdateSchedule schedule =
        UpdateSchedules.parse(ConfigReader.of(Golden.plain(row.get("config")), "golden"));
    var expected = new ArrayList<Long>();
    row.get("update_steps_below_1200").forEach(step -> expected.add(step.asLong()));
    List<Long> actual = LongStream.range(0, 1200).filter(schedule::isUpdate).boxed().toList();
    assertThat(actual).isEqualTo(expected);
  }

  @ParameterizedTest
  @MethodSource("polynomials")
  void aPolynomialIsJaxPruners(JsonNode row) {
    var schedule =
        new Polynomial(
            row.get("target").asDouble(),
            row.get("start").asLong(),
            row.get("end").asLong(),
            row.get("power").asDouble());
    for (int i = 0; i < row.get("steps").size(); i++) {
      assertValue(schedule, row.get("steps").get(i).asLong(), row.get("values").get(i).asDouble());
    }
  }

  private static boolean isCosine(JsonNode row) {
    return row.get("config").path("type").asText().equals("cosine");
  }

  /** The schedule of a row; the reference's cosine rises again after its half period. */
  private static Schedule schedule(JsonNode row) {
    JsonNode config = float32(row.get("config"));
    if (isCosine(row)) {
      ((ObjectNode) config).put("cyclic", true);
    }
    return Schedules.parse(ConfigReader.of(Golden.plain(config), "golden"));
  }

  /** A configuration with its numbers rounded, as the reference computes with them. */
  private static JsonNode float32(JsonNode config) {
    return switch (config) {
      case DoubleNode number -> DoubleNode.valueOf((float) number.doubleValue());
      case ArrayNode list -> {
        ArrayNode rounded = list.arrayNode();
        list.forEach(item -> rounded.add(float32(item)));
        yield rounded;
      }
      case ObjectNode map -> {
        ObjectNode rounded = map.objectNode();
        map.forEachEntry((key, value) -> rounded.set(key, float32(value)));
        yield rounded;
      }
      default -> config;
    };
  }

  private static void assertValue(Schedule schedule, long step, double expected) {
    double scale = Math.max(Math.abs(expected), Math.abs(schedule.at(0)));
    assertThat(schedule.at(step))
        .as("%s at step %d", schedule, step)
        .isCloseTo(expected, within(tolerance(schedule, step, scale)));
  }

  /**
   * What float32 leaves uncertain: 1e-6 of the schedule's scale, the spacing of the numbers around
   * 1 that the reference subtracts from each other, and what a rate that was rounded makes of the
   * value after so many steps.
   */
  private static double tolerance(Schedule schedule, long step, double scale) {
    double slope =
        Math.max(
            Math.abs(schedule.at(step + 1) - schedule.at(step)),
            Math.abs(schedule.at(step) - schedule.at(Math.max(0, step - 1))));
    return 1e-6 * scale + 0x1p-23 + 0x1p-22 * step * slope;
  }
}
