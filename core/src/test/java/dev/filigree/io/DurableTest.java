package dev.filigree.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DurableTest {
  @TempDir private Path folder;

  @Test
  void aFileIsReplacedAndNothingElseStays() throws IOException {
    Path file = folder.resolve("a.txt");
    Durable.replace(file, "first");
    Durable.replace(file, "second");
    assertThat(file).hasContent("second");
    assertThat(folder).isDirectoryContaining("glob:**a.txt");
    assertThat(Durable.syncFiles(folder)).containsExactly("a.txt");
  }

  @Test
  void whatFailsHalfWayLeavesTheOldFileAndNothingElse() throws IOException {
    Path file = folder.resolve("a.txt");
    Durable.replace(file, "first");
    assertThatThrownBy(
            () ->
                Durable.replace(
                    file,
                    channel -> {
                      Durable.write(channel, ByteBuffer.wrap(new byte[10]));
                      throw new IOException("disk full");
                    }))
        .hasMessage("disk full");
    assertThat(file).hasContent("first");
    assertThat(Durable.syncFiles(folder)).containsExactly("a.txt");
  }

  @Test
  void aTreeIsDeletedWholeAndAMissingOneIsNoError() throws IOException {
    Files.createDirectories(folder.resolve("a/b"));
    Files.writeString(folder.resolve("a/b/c"), "");
    Durable.deleteTree(folder.resolve("a"));
    Durable.deleteTree(folder.resolve("a"));
    assertThat(folder).isEmptyDirectory();
  }
}
