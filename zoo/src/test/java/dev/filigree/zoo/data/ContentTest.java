package dev.filigree.zoo.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.github.luben.zstd.Zstd;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.GZIPOutputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Files are read for what they hold. The folders below {@code files} hold one file of 12 documents
 * under different names and packings; their makers were Python's json, gzip, bz2 and lzma and the
 * zstd command, in {@code long} with {@code --long=31}.
 */
class ContentTest {
  private static final String TWO = "{\"text\": \"one\"}\n{\"text\": \"two\"}\n";

  @TempDir Path folder;

  private final List<String> notes = new ArrayList<>();

  private List<String> texts(Path place) throws IOException {
    return texts(DocumentSources.of(List.of(place.toString()), null, "text"));
  }

  private List<String> texts(DocumentSource source) throws IOException {
    var texts = new ArrayList<String>();
    source.read(
        new DocumentSource.Sink() {
          @Override
          public boolean accept(Document document) {
            return texts.add(TestData.text(document));
          }

          @Override
          public void note(String line) {
            notes.add(line);
          }
        });
    return texts;
  }

  private Path file(String name, String text) throws IOException {
    return Files.writeString(folder.resolve(name), text);
  }

  private Path file(String name, byte[] content) throws IOException {
    return Files.write(folder.resolve(name), content);
  }

  private static byte[] gzip(String text) throws IOException {
    var bytes = new ByteArrayOutputStream();
    try (var out = new GZIPOutputStream(bytes)) {
      out.write(text.getBytes(StandardCharsets.UTF_8));
    }
    return bytes.toByteArray();
  }

  private static byte[] joined(byte[] first, byte[] second) {
    byte[] both = java.util.Arrays.copyOf(first, first.length + second.length);
    System.arraycopy(second, 0, both, first.length, second.length);
    return both;
  }

  @ParameterizedTest
  @ValueSource(strings = {"barezst", "bz2", "json", "jsongz", "jsonzst", "xz", "long", "mixed"})
  void twelveDocumentsAreTwelveUnderAnyNameAndPacking(String name) throws Exception {
    List<String> texts = texts(TestData.resource("files/" + name));
    assertThat(texts).hasSize(12);
    assertThat(texts.stream().mapToInt(String::length).sum()).isEqualTo(1951);
    assertThat(texts.getFirst()).startsWith("nu xi beta iota");
    assertThat(texts.getLast()).endsWith("number 11.");
  }

  @Test
  void whatStandsBesideDocumentsIsNamed() throws Exception {
    texts(TestData.resource("files/mixed"));
    assertThat(String.join("\n", notes)).contains("README.md", "img.png", "Thumbs.db");
  }

  @Test
  void aPointerOfGitLfsIsRefusedByName() throws Exception {
    Path pointer = TestData.resource("files/lfstxt/train.txt");
    assertThatThrownBy(() -> texts(TestData.resource("files/lfstxt")))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("train.txt: a pointer of Git LFS");
    for (String name : List.of("a.jsonl.zst", "a.zip", "a.json.gz", "a.parquet")) {
      Path copy = Files.copy(pointer, folder.resolve(name));
      assertThatThrownBy(() -> texts(copy)).hasMessageContaining(name + ": a pointer of Git LFS");
    }
  }

  @Test
  void filesPackedInPartsAreReadToTheirEnd() throws Exception {
    byte[] line = "{\"text\": \"three\"}\n".getBytes(StandardCharsets.UTF_8);
    byte[] skippable = {0x50, 0x2A, 0x4D, 0x18, 4, 0, 0, 0, 1, 2, 3, 4};
    byte[] zstd = Zstd.compress(TWO.getBytes(StandardCharsets.UTF_8));
    Path frames = file("a.zst", joined(skippable, joined(zstd, Zstd.compress(line))));
    assertThat(texts(frames)).containsExactly("one", "two", "three");
    Path members = file("b", joined(gzip(TWO), gzip("{\"text\": \"three\"}\n")));
    assertThat(texts(members)).containsExactly("one", "two", "three");
  }

  @Test
  void thePackingIsThatOfTheContentNotOfTheName() throws Exception {
    byte[] zstd = Zstd.compress(TWO.getBytes(StandardCharsets.UTF_8));
    assertThat(texts(file("a.jsonl.gz", zstd))).containsExactly("one", "two");
    assertThat(texts(file("b.txt", gzip(TWO)))).containsExactly("one", "two");
    Path unpacked = file("c.jsonl.gz", TWO);
    assertThatThrownBy(() -> texts(unpacked))
        .hasMessageContaining("c.jsonl.gz: damaged, or unpacked already");
  }

  @Test
  void aCutPackedFileIsDamaged() throws Exception {
    for (String name : List.of("xz/part-00000.jsonl.xz", "bz2/part-00000.jsonl.bz2")) {
      byte[] whole = Files.readAllBytes(TestData.resource("files/" + name));
      Path cut = file("cut", java.util.Arrays.copyOf(whole, whole.length - 100));
      assertThatThrownBy(() -> texts(cut))
          .as(name)
          .isInstanceOf(DataException.class)
          .hasMessageContaining("cut: damaged");
    }
  }

  @Test
  void documentsInAnArrayOrOverSeveralLinesAreDocuments() throws Exception {
    String pretty = "{\n  \"id\": 1,\n  \"text\": \"one\"\n}\n{\n  \"text\": \"two\"\n}\n";
    assertThat(texts(file("pretty.json", pretty))).containsExactly("one", "two");
    String array =
        "[{\"text\": \"one\", \"tags\": [[1], {\"text\": \"no\"}]},\n {\"text\": \"two\"}]";
    assertThat(texts(file("array.json", array))).containsExactly("one", "two");
    Path cut = file("cut.json", "[\n{\"text\": \"one\"},\n{\"text\": ");
    assertThatThrownBy(() -> texts(cut))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("cut.json:3: not valid JSON");
    Path other = file("other.json", "[\n{\"text\": \"one\"},\n7]");
    assertThatThrownBy(() -> texts(other))
        .hasMessageContaining("other.json:3: no object with a text");
  }

  @Test
  void jsonOfAnotherKindIsATextAndIsNamed() throws Exception {
    Files.writeString(folder.resolve("a.java"), "class A {}");
    String other = "{\n  \"name\": \"x\"\n}";
    Files.writeString(folder.resolve("package.json"), other);
    assertThat(texts(folder)).containsExactly("class A {}", other);
    assertThat(notes).hasSize(1);
    assertThat(notes.getFirst()).contains("package.json: read as plain text", "'text'");
  }

  @Test
  void objectsOnLinesWithoutTheKeyAreNamed() throws Exception {
    Path file = file("a.json", "{\"content\": \"one\"}\n{\"content\": \"two\"}\n");
    assertThatThrownBy(() -> texts(file))
        .hasMessage(file + ":1: no object with a text at the key 'text'");
  }

  @Test
  void documentsAndTextsInOneFolderAreRefusedUnlessChosen() throws Exception {
    Files.writeString(folder.resolve("a.json"), TWO);
    Files.writeString(folder.resolve("b.txt"), "three");
    assertThatThrownBy(() -> texts(folder))
        .isInstanceOf(DataException.class)
        .hasMessageContainingAll("a.json", "b.txt", "glob");
    assertThat(texts(DocumentSources.of(List.of(folder.toString()), "*.{json,txt}", "text")))
        .containsExactly("one", "two", "three");
  }

  @Test
  void whatIsNamedAsTextAndIsNoneIsRefused() throws Exception {
    Path picture = file("a.txt", new byte[] {(byte) 0x89, 'P', 'N', 'G', 13, 10, 26, 10, 0});
    assertThatThrownBy(() -> texts(picture)).hasMessageContaining("a.txt: no text: a picture");
    Path wide = file("b.txt", "wide".getBytes(StandardCharsets.UTF_16));
    assertThatThrownBy(() -> texts(wide)).hasMessageContaining("b.txt: UTF-16");
    Path columns = file("c.bin", "PAR1....".getBytes(StandardCharsets.UTF_8));
    assertThatThrownBy(() -> texts(columns)).hasMessageContaining("c.bin: Parquet");
    Path alone = Files.createDirectory(folder.resolve("tar"));
    Files.write(alone.resolve("d.tar.gz"), gzip("\0".repeat(257) + "ustar\0" + "\0".repeat(200)));
    assertThatThrownBy(() -> texts(alone)).hasMessageContaining("no text in it: d.tar.gz");
  }

  @Test
  void theEntriesOfAnArchiveAreTakenForWhatTheyHold() throws Exception {
    Path archive = folder.resolve("archive.bin");
    var entries = new TreeMap<>(Map.of("a.json", TWO.getBytes(StandardCharsets.UTF_8)));
    entries.put("b.json.gz", gzip("{\"text\": \"three\"}"));
    entries.put("c.png", new byte[] {(byte) 0x89, 'P', 'N', 'G', 0});
    try (var out = new ZipOutputStream(Files.newOutputStream(archive))) {
      for (var entry : entries.entrySet()) {
        out.putNextEntry(new ZipEntry(entry.getKey()));
        out.write(entry.getValue());
      }
    }
    assertThat(texts(archive)).containsExactly("one", "two", "three");
    assertThat(notes).hasSize(1);
    assertThat(notes.getFirst()).contains("c.png: left out: a picture");
  }

  @Test
  void whatWasLeftOutIsSaidAgainWhenTokensAreReadFromTheCache() throws Exception {
    Path cache = folder.resolve("cache");
    var source =
        DocumentSources.of(List.of(TestData.resource("files/mixed").toString()), null, "text");
    TokenStore made = new DataPreparation(source, new ByteTokenizer()).inCache(cache).store();
    TokenStore found = new DataPreparation(source, new ByteTokenizer()).inCache(cache).store();
    assertThat(found.notes()).hasSize(3).isEqualTo(made.notes());
  }

  @Test
  void aTableIsReadAsPlainTextWithANote() throws IOException {
    file("table.CSV", "id,text\n1,one\n");
    file("text.txt", "two\n");
    assertThat(texts(folder)).containsExactly("id,text\n1,one\n", "two\n");
    assertThat(notes)
        .containsExactly(
            folder
                + ": table.CSV: read as plain text: a table, whose rows are not documents; JSON"
                + " lines (.jsonl) make each one");
  }
}
