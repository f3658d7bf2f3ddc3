package dev.filigree.zoo.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileSourceTest {
  private static final String LINES =
      "{\"id\": 1, \"text\": \"first\"}\n\n{\"meta\": {\"text\": \"no\"}, \"text\": \"zw\\u00f6lf\"}";

  @TempDir Path folder;

  private static FileSource source(Path path) {
    return new FileSource(path, "**", "text");
  }

  private static List<String> texts(DocumentSource source) throws IOException {
    return TestData.read(source).stream().map(TestData::text).toList();
  }

  @Test
  void filesOfAFolderThatMatchAreDocumentsSortedByPath() throws Exception {
    Files.createDirectory(folder.resolve("b"));
    Files.writeString(folder.resolve("b/two.txt"), "2");
    Files.writeString(folder.resolve("a.txt"), "1");
    Files.writeString(folder.resolve("a.md"), "no");
    var source = new FileSource(folder, "**.txt", "text");
    assertThat(TestData.names(source)).containsExactly("a.txt", "b/two.txt");
    assertThat(texts(source)).containsExactly("1", "2");
  }

  @Test
  void aSingleTextIsCutAtLineEndsAndLosesNothing() throws Exception {
    var random = new Random(7);
    String text =
        random
            .ints(3000, 0, 120)
            .mapToObj(length -> "ä".repeat(length) + "\n")
            .collect(Collectors.joining());
    Path file = Files.writeString(folder.resolve("book.txt"), text);
    List<Document> pieces = TestData.read(source(file));
    assertThat(pieces).hasSizeBetween(30, 70);
    assertThat(pieces.stream().map(TestData::text).collect(Collectors.joining())).isEqualTo(text);
    assertThat(pieces).allMatch(piece -> TestData.text(piece).endsWith("\n"));
    assertThat(pieces.get(1).name()).isEqualTo("book.txt#1");
  }

  @Test
  void aTextWithoutLineEndsIsCutBetweenCharacters() throws Exception {
    String text = "€".repeat(50_000);
    Path file = Files.writeString(folder.resolve("one-line.txt"), text);
    List<String> pieces = texts(source(file));
    assertThat(pieces).hasSizeGreaterThan(10);
    assertThat(String.join("", pieces)).isEqualTo(text);
  }

  @Test
  void aTextWithoutALastLineEndIsNotGivenOne() throws Exception {
    Path file = Files.writeString(folder.resolve("x.txt"), "a\nb");
    assertThat(texts(source(file))).containsExactly("a\nb");
  }

  @Test
  void jsonLinesGiveADocumentALine() throws Exception {
    Path file = Files.writeString(folder.resolve("x.jsonl"), LINES);
    assertThat(texts(source(file))).containsExactly("first", "zwölf");
    assertThat(TestData.names(source(file))).containsExactly("x.jsonl:1", "x.jsonl:3");
  }

  @Test
  void packedJsonLinesGiveTheSame() throws Exception {
    Path zst = folder.resolve("x.jsonl.zst");
    Files.write(zst, Zstd.compress(LINES.getBytes(StandardCharsets.UTF_8)));
    Path gz = folder.resolve("x.jsonl.gz");
    try (var out = new GZIPOutputStream(Files.newOutputStream(gz))) {
      out.write(LINES.getBytes(StandardCharsets.UTF_8));
    }
    assertThat(texts(source(zst))).containsExactly("first", "zwölf");
    assertThat(texts(source(gz))).containsExactly("first", "zwölf");
  }

  @Test
  void aLineWithoutTheKeyIsNamed() throws Exception {
    Path file = Files.writeString(folder.resolve("x.jsonl"), LINES);
    assertThatThrownBy(() -> TestData.read(new FileSource(file, "**", "content")))
        .isInstanceOf(DataException.class)
        .hasMessage(file + ":1: no object with a text at the key 'content'");
  }

  @Test
  void aLineThatIsNoJsonIsNamed() throws Exception {
    Path file =
        Files.writeString(folder.resolve("x.jsonl"), "{\"text\": \"a\"}\n{\"text\": oops}\n");
    assertThatThrownBy(() -> TestData.read(source(file)))
        .isInstanceOf(DataException.class)
        .hasMessageStartingWith(file + ":2: not valid JSON");
  }

  @Test
  void aPackedFileThatUnpacksWithoutEndIsRefused() throws Exception {
    Path file = folder.resolve("bomb.jsonl.zst");
    byte[] line = (" ".repeat(1 << 20) + "\n").getBytes(StandardCharsets.UTF_8);
    try (var out = new ZstdOutputStream(Files.newOutputStream(file))) {
      for (int i = 0; i < 80; i++) {
        out.write(line);
      }
    }
    assertThatThrownBy(() -> TestData.read(source(file)))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("bomb.jsonl.zst: unpacks to more than");
  }

  @Test
  void aDamagedPackedFileIsNamed() throws Exception {
    var packed = new ByteArrayOutputStream();
    try (var out = new GZIPOutputStream(packed)) {
      out.write(
          new Random(1)
              .ints(5000)
              .mapToObj(String::valueOf)
              .toList()
              .toString()
              .getBytes(StandardCharsets.UTF_8));
    }
    Path file = folder.resolve("x.txt.gz");
    Files.write(file, java.util.Arrays.copyOf(packed.toByteArray(), packed.size() / 2));
    assertThatThrownBy(() -> TestData.read(source(file)))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("x.txt.gz: damaged");
    Path zst = Files.writeString(folder.resolve("y.jsonl.zst"), "this is not zstd");
    assertThatThrownBy(() -> TestData.read(source(zst)))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("y.jsonl.zst: damaged");
  }

  @Test
  void parquetIsRefusedWithTheWayOut() throws Exception {
    Path file = Files.writeString(folder.resolve("x.parquet"), "PAR1");
    assertThatThrownBy(() -> TestData.read(source(file)))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("write it as JSON lines");
  }

  @Test
  void aFolderWithoutAMatchAndAMissingFileAreNamed() {
    assertThatThrownBy(() -> TestData.read(new FileSource(folder, "**.txt", "text")))
        .hasMessageContaining("no file matches **.txt");
    assertThatThrownBy(() -> source(folder.resolve("missing")))
        .hasMessageContaining("no such file or folder");
  }

  @Test
  void severalPlacesAreReadOneAfterTheOther() throws Exception {
    Path first = Files.writeString(folder.resolve("1.txt"), "1");
    Path second = Files.writeString(folder.resolve("2.jsonl"), "{\"text\": \"2\"}");
    var source = DocumentSources.of(List.of(second.toString(), first.toString()), null, "text");
    assertThat(texts(source)).containsExactly("2", "1");
    String before = source.fingerprint();
    Files.writeString(first, "changed");
    assertThat(source.fingerprint()).isNotEqualTo(before);
  }
}
