package dev.filigree.zoo.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class ModelsGuideTest {
  @Test
  void theModelInTheGuideIsTheOneThatIsTested() throws IOException {
    String source = Files.readString(Path.of("src/test/java/dev/filigree/zoo/model/Bigram.java"));
    String guide = Files.readString(Path.of("../docs/models.md"));

    assertThat(guide).contains(source.substring(source.indexOf("/** Predicts")));
  }
}
