package dev.filigree.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class ConfigReaderTest {
  @Test
  void scalarsAreReadAsPythonWritesThem() {
    ConfigMap map =
        ConfigReader.parse(
                """
                flags: [true, True, TRUE, false, False]
                nothing: [null, Null, ~]
                integers: [1, -2, +3, 0x1F, 0o17, 0012, 65536]
                numbers: [1.0e-05, 1e6, .5, -.inf]
                texts: [yes, on, None, "1", 1.0.0]
                """,
                "test.yaml")
            .asMap();

    assertThat(map.require("flags").toJava()).isEqualTo(List.of(true, true, true, false, false));
    assertThat(map.require("nothing").asList().items())
        .allSatisfy(node -> assertThat(node.toJava()).isNull());
    assertThat(map.require("integers").toJava())
        .isEqualTo(List.of(1L, -2L, 3L, 31L, 15L, 12L, 65536L));
    assertThat(map.require("numbers").toJava())
        .isEqualTo(List.of(1e-5, 1e6, 0.5, Double.NEGATIVE_INFINITY));
    assertThat(map.require("texts").toJava()).isEqualTo(List.of("yes", "on", "None", "1", "1.0.0"));
  }
}
