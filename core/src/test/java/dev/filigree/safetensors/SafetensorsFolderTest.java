package dev.filigree.safetensors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SafetensorsFolderTest {
  private static final String FIRST = "model-00001-of-00002.safetensors";
  private static final String SECOND = "model-00002-of-00002.safetensors";

  @TempDir private Path folder;

  private void write(String file, String... tensors) {
    SafetensorsWriter.write(
        folder.resolve(file),
        Arrays.stream(tensors).map(name -> TensorSource.of(name, torch.ones(2))).toList(),
        Map.of());
  }

  /** Places a and b in the first file, c in the second. */
  private void index() throws IOException {
    Files.writeString(
        folder.resolve(SafetensorsFolder.INDEX),
        "{\"metadata\": {\"total_size\": 24}, \"weight_map\": {\"a\": \"%s\", \"b\": \"%s\", \"c\": \"%s\"}}"
            .formatted(FIRST, FIRST, SECOND));
  }

  private void assertRefused(String message) {
    assertThatThrownBy(() -> SafetensorsFolder.open(folder).close())
        .isInstanceOf(SafetensorsException.class)
        .hasMessageContaining(message);
  }

  @Test
  void everyTensorOfEveryFileIsThere() throws IOException {
    write(FIRST, "a", "b");
    write(SECOND, "c");
    index();
    try (var files = SafetensorsFolder.open(folder)) {
      assertThat(files.entries()).containsOnlyKeys("a", "b", "c");
    }
  }

  @Test
  void aMissingFileOfTheSetIsNamed() throws IOException {
    write(FIRST, "a", "b");
    index();
    assertRefused(SECOND + ": no such file");
  }

  @Test
  void aTensorThatIsNotWhereTheIndexPlacesItIsNamed() throws IOException {
    write(FIRST, "a");
    write(SECOND, "c");
    index();
    assertRefused(FIRST + ": has no tensor 'b'");
  }

  @Test
  void aTensorThatTheIndexDoesNotNameIsNotLeftOut() throws IOException {
    write(FIRST, "a", "b");
    write(SECOND, "c", "d");
    index();
    assertRefused(SECOND + ": holds a tensor 'd', which model.safetensors.index.json does not");
  }

  @Test
  void aSecondCopyInAnotherFileIsNotLeftOut() throws IOException {
    write(FIRST, "a", "b");
    write(SECOND, "c", "a");
    index();
    assertRefused(SECOND + ": holds a tensor 'a', which");
  }

  @Test
  void aFileOfTheSetThatTheIndexDoesNotNameIsNotLeftOut() throws IOException {
    write(FIRST, "a", "b");
    write(SECOND, "c");
    write("model-00003-of-00003.safetensors", "d");
    index();
    assertRefused(
        "model-00003-of-00003.safetensors: model.safetensors.index.json places no tensor");
  }

  @Test
  void aPointerOfGitLfsIsCalledOne() throws IOException {
    Files.writeString(
        folder.resolve(SafetensorsFolder.SINGLE),
        """
        version https://git-lfs.github.com/spec/v1
        oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393
        size 548105171
        """);
    assertRefused("model.safetensors: is a Git LFS pointer, not the file itself");
  }
}
