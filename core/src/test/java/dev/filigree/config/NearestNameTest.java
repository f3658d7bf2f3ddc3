package dev.filigree.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NearestNameTest {
  private static final List<String> KEYS =
      List.of("max_steps", "eval_steps", "eval_frequency", "seed", "lr");

  @ParameterizedTest
  @CsvSource({
    "max_step, max_steps",
    "maxsteps, max_steps",
    "mxa_steps, max_steps",
    "eval_freqency, eval_frequency",
    "sed, seed",
    "lt, lr",
    "hidden_size, ",
    "x, ",
    "steps, "
  })
  void theNearestNameIsFoundOrNone(String name, String nearest) {
    assertThat(NearestName.of(name, KEYS).orElse(null)).isEqualTo(nearest);
  }

  @ParameterizedTest
  @CsvSource({"abc, abc, 0", "abc, acb, 1", "abc, '', 3", "kitten, sitting, 3", "ab, ba, 1"})
  void theDistanceCountsChangedMissingExtraAndSwappedLetters(String a, String b, int distance) {
    assertThat(NearestName.distance(a, b)).isEqualTo(distance);
    assertThat(NearestName.distance(b, a)).isEqualTo(distance);
  }

  @Test
  void anUnknownKeyIsAnErrorThatNamesTheNearest() {
    ConfigMap map = ConfigReader.of(Map.of("max_step", 5), "map").asMap();
    map.allow("max_steps", "seed");
    assertThatThrownBy(map::rejectUnknown)
        .hasMessage(
            "map: max_step: unknown key; did you mean max_steps? allowed here: max_steps, seed");
  }
}
