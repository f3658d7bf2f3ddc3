package dev.filigree.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class SampleTest {
  @Test
  void aTerminalSeesNoBlankLinesAtTheEndAndNoLongOnes() {
    assertThat(Sample.lines("The a\n\nb " + "c".repeat(200) + "\n   \n\n\n"))
        .containsExactly("The a", "", "b " + "c".repeat(98));
    assertThat(Sample.lines("a\n" + "\n".repeat(30) + "b")).containsExactly("a");
    assertThat(Sample.lines(" \n")).isEmpty();
  }

  @Test
  void whatWouldSteerATerminalIsEscaped() {
    assertThat(Sample.lines("a\u001b[31mb\u0007\tc\u202ed\u0085é中😀\uFFFD"))
        .containsExactly("a\\x1b[31mb\\x07\tc\\u202ed\\x85é中😀\uFFFD");
  }
}
