package dev.filigree.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RecordsTest {
  enum Shape {
    ROUND,
    FLAT_TOP
  }

  record Curve(
      double firstValue,
      @Key("T_max") long period,
      @Default("flat_top") Shape shape,
      @Key("end_step") OptionalLong stop,
      @Default("[1, 2]") List<Long> turns) {
    Curve {
      if (period <= 0) {
        throw new IllegalArgumentException("T_max must be above 0, found " + period);
      }
    }
  }

  private static final Curve SHORT =
      new Curve(0.5, 7, Shape.FLAT_TOP, OptionalLong.empty(), List.of(1L, 2L));

  @Test
  void keysAreTheComponentsOrTheirNamesAndMissingOnesTheDefaults() {
    assertThat(read("{first_value: 0.5, T_max: 7}")).isEqualTo(SHORT);
    assertThat(read("{first_value: 1, T_max: 7, shape: Round, end_step: 9, turns: [3]}"))
        .isEqualTo(new Curve(1, 7, Shape.ROUND, OptionalLong.of(9), List.of(3L)));
  }

  @Test
  void whatIsWrittenIsReadBack() {
    assertThat(Records.write(SHORT))
        .containsExactly(
            Map.entry("first_value", 0.5),
            Map.entry("T_max", 7L),
            Map.entry("shape", "flat_top"),
            Map.entry("turns", List.of(1L, 2L)));
    var full = new Curve(1, 7, Shape.ROUND, OptionalLong.of(9), List.of());
    assertThat(Records.read(ConfigReader.of(Records.write(full), "written").asMap(), Curve.class))
        .isEqualTo(full);
  }

  @Test
  void keysMayHaveOtherNamesInABlock() {
    ConfigMap block = map("{first_val: 0.5, T_max: 7, first_value: 1}");
    assertThat(Records.read(block, Curve.class, key -> key.replace("_value", "_val")))
        .isEqualTo(SHORT);
    assertThatThrownBy(block::rejectUnknown).hasMessageContaining("first_value: unknown key");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {first_value: 1}                         | test.yaml:1: 'T_max' is missing
          {first_value: 1, T_max: 0}               | test.yaml:1: T_max must be above 0, found 0
          {first_value: 1, T_max: 0.5}             | test.yaml:1: T_max: expected an integer, found 0.5
          {first_value: 1, T_max: 1, shape: saw}   | test.yaml:1: shape: allowed: round, flat_top; found the text 'saw'
          {first_value: 1, T_max: 1, turns: [1, x]}| test.yaml:1: turns.1: expected an integer, found the text 'x'
          """)
  void badValuesAreNamedWithTheirPlace(String yaml, String message) {
    assertThatThrownBy(() -> read(yaml)).isInstanceOf(ConfigException.class).hasMessage(message);
  }

  record Drawing(List<Shape> shapes, Path file, Optional<Frame> frame, long pens) {
    Drawing {
      InvalidValue.requirePositive("pens", pens);
    }
  }

  record Frame(double width) {}

  @Test
  void blocksWithinBlocksPathsAndListsOfConstantsAreWrittenPlainly() {
    var drawing = new Drawing(List.of(Shape.ROUND), Path.of("a.svg"), Optional.of(new Frame(2)), 1);
    assertThat(Records.write(drawing))
        .containsExactly(
            Map.entry("shapes", List.of("round")),
            Map.entry("file", "a.svg"),
            Map.entry("frame", Map.of("width", 2.0)),
            Map.entry("pens", 1L));
    ConfigMap block = map("{shapes: [flat_top, ROUND], file: b.svg, frame: {width: 3}}");
    assertThat(Records.readWithout(block, drawing, Set.of("frame")))
        .isEqualTo(
            new Drawing(
                List.of(Shape.FLAT_TOP, Shape.ROUND), Path.of("b.svg"), drawing.frame(), 1));
  }

  @Test
  void aRefusedValueIsNamedAtItsKey() {
    var drawing = new Drawing(List.of(), Path.of("a.svg"), Optional.empty(), 1);
    assertThatThrownBy(() -> Records.read(map("{file: b.svg, pens: 0}"), drawing))
        .isInstanceOf(ConfigException.class)
        .hasMessage("test.yaml:1: pens: must be greater than 0, found 0");
  }

  @Test
  void aRecordWithOtherValuesIsCheckedAsAWhole() {
    assertThat(Records.with(SHORT, Map.of("firstValue", 2, "period", 9L)))
        .isEqualTo(new Curve(2, 9, Shape.FLAT_TOP, OptionalLong.empty(), List.of(1L, 2L)));
    assertThatThrownBy(() -> Records.with(SHORT, Map.of("period", 0L)))
        .hasMessage("T_max must be above 0, found 0");
    assertThatThrownBy(() -> Records.with(SHORT, Map.of("T_max", 1L)))
        .hasMessage("found [T_max], allowed: firstValue, period, shape, stop, turns");
  }

  private static Curve read(String yaml) {
    return Records.read(map(yaml), Curve.class);
  }

  private static ConfigMap map(String yaml) {
    return ConfigReader.parse(yaml, "test.yaml").asMap();
  }
}
