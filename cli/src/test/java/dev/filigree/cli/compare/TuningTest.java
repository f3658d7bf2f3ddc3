package dev.filigree.cli.compare;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TuningTest {
  private static final Map<String, List<Object>> KEYS = new LinkedHashMap<>();

  static {
    KEYS.put("rate", List.of(1L, 3L, 10L));
    KEYS.put("drop", List.of(0.1, 0.3));
  }

  @Test
  void keysAreTunedOneAfterTheOtherEachWithTheBestOfThoseBefore() {
    var tuning = new Tuning(KEYS);
    Map<Map<String, Object>, Double> known = new HashMap<>();
    assertThat(tuning.runs()).isEqualTo(4);
    assertThat(tuning.state(known::get).wanted())
        .containsExactly(choice(1, 0.1), choice(3, 0.1), choice(10, 0.1));

    known.put(choice(1, 0.1), 2.0);
    known.put(choice(3, 0.1), 1.5);
    known.put(choice(10, 0.1), Double.POSITIVE_INFINITY);
    assertThat(tuning.state(known::get).wanted()).containsExactly(choice(3, 0.3));

    known.put(choice(3, 0.3), 1.4);
    assertThat(tuning.state(known::get).wanted()).isEmpty();
    assertThat(tuning.state(known::get).best()).isEqualTo(choice(3, 0.3));
  }

  @Test
  void singleValuesNeedNoRun() {
    var tuning = new Tuning(Map.of("rate", List.of(3L)));
    assertThat(tuning.runs()).isZero();
    assertThat(tuning.state(_ -> null).best()).isEqualTo(Map.of("rate", 3L));
  }

  private static Map<String, Object> choice(long rate, double drop) {
    return Map.of("rate", rate, "drop", drop);
  }
}
