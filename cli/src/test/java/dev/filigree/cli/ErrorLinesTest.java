package dev.filigree.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.filigree.config.ConfigException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import org.junit.jupiter.api.Test;

class ErrorLinesTest {
  @Test
  void ofANativeErrorOnlyTheFirstLineIsShown() {
    var error =
        new RuntimeException(
            "mat1 and mat2 shapes cannot be multiplied (2x3 and 4x5)\n"
                + "Exception raised from addmm_impl_cpu_ at LinearAlgebra.cpp:1324\nframe #0: ...");
    assertThat(ErrorLines.message(error))
        .isEqualTo(
            "mat1 and mat2 shapes cannot be multiplied (2x3 and 4x5) (--verbose shows where)");
  }

  @Test
  void ofAnErrorWithoutAMessageTheKindIsShown() {
    assertThat(ErrorLines.message(new IllegalStateException()))
        .isEqualTo("IllegalStateException (--verbose shows where)");
  }

  @Test
  void ourOwnMessagesStandAsTheyAre() {
    assertThat(ErrorLines.message(new ConfigException("a.yaml:3: sparsity: too large")))
        .isEqualTo("a.yaml:3: sparsity: too large");
  }

  @Test
  void fileErrorsSayWhichFileAndWhy() {
    assertThat(ErrorLines.message(new NoSuchFileException("a.txt")))
        .isEqualTo("a.txt: no such file");
    assertThat(ErrorLines.message(new AccessDeniedException("b")))
        .isEqualTo("b: permission denied");
  }
}
