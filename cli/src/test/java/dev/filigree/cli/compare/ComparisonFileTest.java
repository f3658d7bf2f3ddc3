package dev.filigree.cli.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.filigree.config.ConfigException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ComparisonFileTest {
  @TempDir private Path folder;

  @Test
  void aBaseStandsBesideItsFile() throws IOException {
    file("base.yaml", "trainer: {init: {}, fit: {}}");
    ComparisonFile read = ComparisonFile.read(file("a.yaml", "compare: {base: base.yaml}"));
    assertThat(read.base()).contains(folder.resolve("base.yaml"));
  }

  @Test
  void aBaseThatHasABaseItselfIsRefused() throws IOException {
    file("base.yaml", "trainer: {init: {}, fit: {}}");
    file("middle.yaml", "compare: {base: base.yaml}");
    Path last = file("last.yaml", "compare:\n  base: middle.yaml");
    assertThatThrownBy(() -> ComparisonFile.read(last))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("last.yaml:2")
        .hasMessageContaining("middle.yaml has no trainer itself, but a base: name that one");
  }

  private Path file(String name, String text) throws IOException {
    return Files.writeString(folder.resolve(name), text + "\n");
  }
}
