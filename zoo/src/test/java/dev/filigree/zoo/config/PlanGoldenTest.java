package dev.filigree.zoo.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What {@code --dry-run} shows for files of the Model Zoo, word for word. Run with {@code
 * -Dfiligree.golden=write} to write the texts anew, and read the difference before committing it.
 */
class PlanGoldenTest {
  private static final Path TEXTS = Path.of("src/test/resources/golden/plans");

  static Stream<Path> files() throws IOException {
    try (Stream<Path> files = Files.list(Path.of("src/test/resources/modelzoo-configs"))) {
      return files.filter(file -> file.toString().endsWith(".yaml")).sorted().toList().stream();
    }
  }

  @ParameterizedTest
  @MethodSource("files")
  void theDryRunOfAModelZooFileIsThisText(Path file) throws IOException {
    String plan = RunPlan.of(RunConfig.read(file, List.of())).text();
    Path golden = TEXTS.resolve(file.getFileName().toString().replace(".yaml", ".txt"));
    if ("write".equals(System.getProperty("filigree.golden"))) {
      Files.createDirectories(TEXTS);
      Files.writeString(golden, plan);
    }
    assertThat(plan).isEqualTo(Files.readString(golden));
  }
}
