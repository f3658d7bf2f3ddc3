package dev.filigree.cli.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.filigree.config.ConfigException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A comparison goes on with its own runs only. */
class ComparisonFolderTest {
  private static final Path BASE = Path.of("../configs/compare/all.yaml").toAbsolutePath();

  @TempDir Path temporary;
  private Path folder;

  @BeforeEach
  void name() {
    folder = temporary.resolve("out");
  }

  private ComparisonPlan plan(String rates) throws IOException {
    Path file = temporary.resolve("comparison.yaml");
    Files.writeString(
        file,
        """
        compare:
          base: %s
          seeds: 1
          methods:
            dense: {tune: {learning_rate: %s}}
        """
            .formatted(BASE, rates));
    return new ComparisonPlan(
        new BaseConfig(BASE, List.of()), ComparisonFile.read(file).changed(null, null));
  }

  @Test
  void theSameComparisonGoesOn() throws IOException {
    ComparisonFolder.open(folder, plan("[1.0e-3, 2.0e-3]"));
    Files.createDirectory(folder.resolve("dense-seed0"));
    ComparisonFolder.open(folder, plan("[1.0e-3, 2.0e-3]"));
    assertThat(folder.resolve(ComparisonFolder.PLAN)).isNotEmptyFile();
  }

  @Test
  void anotherListOfValuesIsAnotherComparison() throws IOException {
    ComparisonFolder.open(folder, plan("[2.0e-3, 4.0e-3]"));
    assertThatThrownBy(() -> ComparisonFolder.open(folder, plan("[1.0e-3, 2.0e-3]")))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("holds another comparison")
        .hasMessageContaining("0.001");
  }

  @Test
  void runsOfWhichNothingSaysWhatTheyAreAreNotTakenForItsOwn() throws IOException {
    Files.createDirectories(folder.resolve("dense-seed0"));
    assertThatThrownBy(() -> ComparisonFolder.open(folder, plan("[1.0e-3, 2.0e-3]")))
        .isInstanceOf(ConfigException.class)
        .hasMessage(
            folder
                + ": holds folders, but no plan.txt that says of which comparison; give another --out");
    assertThat(folder.resolve(ComparisonFolder.PLAN)).doesNotExist();
  }
}
