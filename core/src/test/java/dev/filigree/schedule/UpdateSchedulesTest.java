package dev.filigree.schedule;

import static dev.filigree.schedule.UpdateSchedules.always;
import static dev.filigree.schedule.UpdateSchedules.atSteps;
import static dev.filigree.schedule.UpdateSchedules.every;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.filigree.config.ConfigException;
import dev.filigree.config.ConfigReader;
import java.util.List;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class UpdateSchedulesTest {
  static Stream<UpdateSchedule> all() {
    return Stream.of(
        always(), every(100), every(7).from(3).until(60), every(50).from(200), atSteps(17, 5, 5));
  }

  @Test
  void startIsAnUpdateAndStopIsNone() {
    assertThat(steps(every(100).from(200).until(500))).containsExactly(200L, 300L, 400L);
    assertThat(steps(every(100).until(201))).containsExactly(0L, 100L, 200L);
    assertThat(steps(atSteps(17, 5, 5))).containsExactly(5L, 17L);
  }

  @Test
  void stepsBeyond32BitsCount() {
    long step = 3_000_000_000L;
    assertThat(every(1000).from(1_000_000_000).isUpdate(step)).isTrue();
    assertThat(every(1000).from(1).isUpdate(step)).isFalse();
    assertThat(atSteps(step).isUpdate(step)).isTrue();
  }

  @ParameterizedTest
  @MethodSource("all")
  void whatIsWrittenAsConfigurationReadsBackTheSame(UpdateSchedule schedule) {
    Object config = schedule.toConfig().orElseThrow();
    assertThat(UpdateSchedules.parse(ConfigReader.of(config, "test"))).isEqualTo(schedule);
    assertThat(UpdateSchedules.parse(ConfigReader.parse(schedule.describe(), "test")))
        .isEqualTo(schedule);
  }

  @Test
  void nothingMeansEveryStep() {
    assertThat(UpdateSchedules.parse(ConfigReader.of(null, "test"))).isEqualTo(always());
  }

  @Test
  void aLambdaIsAnUpdateSchedule() {
    UpdateSchedule powersOfTwo = step -> Long.bitCount(step) == 1;
    assertThat(steps(powersOfTwo)).startsWith(1L, 2L, 4L, 8L);
    assertThat(powersOfTwo.toConfig()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          100 | test.yaml:1: expected {freq, start, stop} or {steps: [..]}, found 100
          {} | expected 'freq' or 'steps': {freq, start, stop} or {steps: [..]}
          {start: 5} | expected 'freq' or 'steps'
          {freq: 5, steps: [1]} | expected 'freq' or 'steps'
          {freq: 0} | test.yaml:1: freq must be above 0, found 0
          {freq: 10, start: -1} | start must be at least 0, found -1
          {freq: 10, start: 5, stop: 5} | stop must be above start 5 or nothing is ever updated, found 5
          {freq: 10, end: 5} | test.yaml:1: end: unknown key; allowed here: freq, start, steps, stop
          {freq: 1.5} | test.yaml:1: freq: expected an integer, found 1.5
          {steps: []} | no steps: nothing is ever updated
          {steps: [3, -1]} | step must be at least 0, found -1
          """)
  void badConfigurationIsNamedWithItsPlace(String yaml, String message) {
    assertThatThrownBy(() -> UpdateSchedules.parse(ConfigReader.parse(yaml, "test.yaml")))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining(message);
  }

  private static List<Long> steps(UpdateSchedule schedule) {
    return LongStream.range(0, 1000).filter(schedule::isUpdate).boxed().toList();
  }
}
