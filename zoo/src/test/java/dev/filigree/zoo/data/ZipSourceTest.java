package dev.filigree.zoo.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ZipSourceTest {
  @TempDir Path folder;

  private Path zip(String name, Map<String, String> entries) throws IOException {
    Path file = folder.resolve(name);
    try (var out = new ZipOutputStream(Files.newOutputStream(file))) {
      for (var entry : new TreeMap<>(entries).entrySet()) {
        out.putNextEntry(new ZipEntry(entry.getKey()));
        out.write(entry.getValue().getBytes(StandardCharsets.UTF_8));
      }
    }
    return file;
  }

  @Test
  void entriesThatMatchAreDocumentsInTheirOrder() throws Exception {
    Path file =
        zip("a.zip", Map.of("m/x/B.java", "b", "m/A.java", "a", "m/x/c.txt", "c", "n/D.java", "d"));
    var source = new ZipSource(file, "m/**.java");
    assertThat(TestData.names(source)).containsExactly("m/A.java", "m/x/B.java");
    assertThat(TestData.read(source).stream().map(TestData::text)).containsExactly("a", "b");
  }

  @Test
  void readingStopsWhenNoMoreIsWanted() throws Exception {
    Path file = zip("a.zip", Map.of("a", "1", "b", "2"));
    var seen = new ArrayList<String>();
    new ZipSource(file, "**")
        .read(
            document -> {
              seen.add(document.name());
              return false;
            });
    assertThat(seen).containsExactly("a");
  }

  @Test
  void theFingerprintIsTheContentNotTheFile() throws Exception {
    Path first = zip("a.zip", Map.of("a", "1"));
    Path same = zip("b.zip", Map.of("a", "1"));
    Path other = zip("c.zip", Map.of("a", "2"));
    Files.setLastModifiedTime(same, FileTime.fromMillis(0));
    String fingerprint = new ZipSource(first, "**").fingerprint();
    assertThat(new ZipSource(same, "**").fingerprint()).isEqualTo(fingerprint);
    assertThat(new ZipSource(other, "**").fingerprint()).isNotEqualTo(fingerprint);
  }

  @Test
  void anEntryThatUnpacksWithoutEndIsRefused() throws Exception {
    Path file = zip("bomb.zip", Map.of("a.txt", "x".repeat(100_000)));
    assertThatThrownBy(() -> TestData.read(new ZipSource(file, "**", "text", 1000, 1_000_000)))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("bomb.zip!a.txt: unpacks to more than 1000 bytes");
  }

  @Test
  void manyEntriesThatUnpackToTooMuchTogetherAreRefused() throws Exception {
    Path file = zip("bomb.zip", Map.of("a", "x".repeat(900), "b", "x".repeat(900)));
    assertThatThrownBy(() -> TestData.read(new ZipSource(file, "**", "text", 1000, 1000)))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("unpacks to more than 1000 bytes");
  }

  @Test
  void anEntryThatLeavesTheArchiveIsRefused() throws Exception {
    Path file = zip("evil.zip", Map.of("../evil.txt", "x"));
    assertThatThrownBy(() -> TestData.read(new ZipSource(file, "**")))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("refused: its entry '../evil.txt'");
  }

  @Test
  void aFileThatIsNoArchiveIsNamed() throws Exception {
    Path file = Files.writeString(folder.resolve("x.zip"), "no zip at all");
    assertThatThrownBy(() -> TestData.read(new ZipSource(file, "**")))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("x.zip: not a zip archive");
  }

  @Test
  void aMissingSrcZipNamesThePackageThatHoldsIt() {
    assertThatThrownBy(() -> JdkSources.find(List.of(folder)))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("openjdk-25-source");
  }

  @Test
  void theJdksOwnSourcesBeginWithJavaFiles() throws Exception {
    Path archive;
    try {
      archive = JdkSources.find();
    } catch (DataException e) {
      assumeTrue(false, "this machine has no src.zip");
      return;
    }
    var seen = new ArrayList<Document>();
    new ZipSource(archive, JdkSources.DEFAULT_GLOB)
        .read(
            document -> {
              seen.add(document);
              return seen.size() < 5;
            });
    assertThat(seen).hasSize(5);
    assertThat(seen)
        .allSatisfy(
            document -> {
              assertThat(document.name()).startsWith("java.base/").endsWith(".java");
              assertThat(TestData.text(document)).contains("package ");
            });
  }
}
