package dev.filigree.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
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
    Schedule.Range range = schedule(row).range(0, 1000);
    JsonNode expected = row.get("min_max_end_0_1000");
    double tolerance = 1e-6 * Math.max(range.max(), 1e-3);
    assertThat(range.min()).isCloseTo(expected.get(0).asDouble(), within(tolerance));
    assertThat(range.max()).isCloseTo(expected.get(1).asDouble(), within(tolerance));
    assertThat(range.end()).isCloseTo(expected.get(2).asDouble(), within(tolerance));
  }

  @ParameterizedTest
  @MethodSource("cosines")
  void aCosineThatIsNotCyclicIsTheSameUpToItsHalfPeriodAndThenStays(JsonNode row) {
    Cosine cosine = (Cosine) Schedules.parse(Golden.config(row.get("config")));
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
    UpdateSchedule schedule = UpdateSchedules.parse(Golden.config(row.get("config")));
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
    JsonNode config = row.get("config").deepCopy();
    if (isCosine(row)) {
      ((ObjectNode) config).put("cyclic", true);
    }
    return Schedules.parse(Golden.config(config));
  }

  /**
   * Equal to float32: 1e-6 of the schedule's scale, and what a rate that was rounded to float32
   * makes of the value after so many steps.
   */
  private static void assertValue(Schedule schedule, long step, double expected) {
    double scale = Math.max(Math.abs(expected), Math.abs(schedule.at(0)));
    double slope =
        Math.max(
            Math.abs(schedule.at(step + 1) - schedule.at(step)),
            Math.abs(schedule.at(step) - schedule.at(Math.max(0, step - 1))));
    double tolerance = 1e-6 * scale + 0x1p-22 * step * slope;
    assertThat(schedule.at(step))
        .as("%s at step %d", schedule, step)
        .isCloseTo(expected, within(tolerance));
  }
}
