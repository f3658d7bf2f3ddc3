package dev.filigree.torch;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class ProcessorTest {
  private static final Processor ZEN_4 =
      new Processor(
          List.of(
              "processor\t: 0",
              "model\t\t: 17",
              "model name\t: AMD EPYC",
              "flags\t\t: fpu avx512f avx512_bf16 sse",
              "",
              "processor\t: 1",
              "model\t\t: 17",
              "model name\t: AMD EPYC"));

  @Test
  void nameAndModelStandOnce() {
    assertThat(ZEN_4.name()).isEqualTo("AMD EPYC 17");
  }

  @Test
  void extensionsAreWholeWords() {
    assertThat(ZEN_4.has("avx512f")).isTrue();
    assertThat(ZEN_4.has("avx512")).isFalse();
  }

  @Test
  void unitsForBfloat16AreOfAvx512AmxOrArm() {
    assertThat(ZEN_4.multipliesBfloat16()).isTrue();
    assertThat(new Processor(List.of("flags : fpu avx512f avx512_vnni")).multipliesBfloat16())
        .isFalse();
    assertThat(new Processor(List.of("flags : amx_bf16")).multipliesBfloat16()).isTrue();
    assertThat(new Processor(List.of("Features\t: fp asimd bf16")).multipliesBfloat16()).isTrue();
  }

  @Test
  void whereNothingIsKnownTheArchitectureIsTheName() {
    var unknown = new Processor(List.of());
    assertThat(unknown.name()).isEqualTo(System.getProperty("os.arch"));
    assertThat(unknown.multipliesBfloat16()).isFalse();
  }
}
