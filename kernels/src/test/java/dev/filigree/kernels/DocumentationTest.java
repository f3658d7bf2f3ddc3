package dev.filigree.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import dev.filigree.testing.DocumentedApi;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class DocumentationTest {
  @Test
  void everyPublicOrProtectedMemberHasAComment() {
    assertThat(DocumentedApi.undocumented(Path.of("src/main/java"))).isEmpty();
  }
}
