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
}
