package dev.filigree.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class ConfigWriterTest {
  @Test
  void whatIsWrittenReadsBackEqual() {
    var values = new LinkedHashMap<String, @Nullable Object>();
    values.put("text", "a: b # c");
    values.put("like a number", "1e3");
    values.put("like nothing", "null");
    values.put("small", 1e-8);
    values.put("large", 1L << 40);
    values.put("flag", true);
    values.put("nothing", null);
    values.put("list", List.of(1L, "two", List.of(3.5)));
    values.put("map", Map.of("key", "value"));
    String yaml = ConfigWriter.toYaml(values);
    assertThat(ConfigReader.parse(yaml, "test").toJava()).isEqualTo(values);
  }

  @Test
  void aListThatStandsTwiceIsWrittenTwice() {
    List<String> list = List.of("jdk");
    assertThat(ConfigWriter.toYaml(List.of(list, list))).doesNotContain("&").doesNotContain("*");
  }
}
