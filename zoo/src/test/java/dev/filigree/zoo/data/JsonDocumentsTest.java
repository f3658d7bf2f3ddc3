package dev.filigree.zoo.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What stands on a line of JSON; the folders below {@code lines} hold 12 documents, by Python. */
class JsonDocumentsTest {
  @TempDir Path folder;

  private static List<Document> read(Path place) throws IOException {
    return TestData.read(new FileSource(place, "**", "text"));
  }

  private List<String> texts(String content) throws IOException {
    Path file = Files.writeString(folder.resolve("x.jsonl"), content);
    return read(file).stream().map(TestData::text).toList();
  }

  @ParameterizedTest
  @ValueSource(strings = {"cat", "space"})
  void everyObjectOfALineIsADocument(String name) throws Exception {
    List<Document> documents = read(TestData.resource("lines/" + name));
    assertThat(documents).hasSize(12);
    assertThat(documents.stream().map(Document::name)).doesNotHaveDuplicates();
    assertThat(documents.stream().mapToInt(document -> document.text().length).sum())
        .isEqualTo(1951);
  }

  @ParameterizedTest
  @CsvSource({
    "trail, garbage.jsonl:12: not valid JSON",
    "cutline, cut.jsonl:12: not valid JSON",
    "dupkey, dup.jsonl:1: not valid JSON: Duplicate field 'text'"
  })
  void aDamagedLineIsNamed(String name, String message) {
    assertThatThrownBy(() -> read(TestData.resource("lines/" + name)))
        .isInstanceOf(DataException.class)
        .hasMessageContaining(message);
  }

  @Test
  void halfASurrogatePairBecomesTheReplacementCharacter() throws Exception {
    for (Document document : read(TestData.resource("lines/lone"))) {
      assertThat(TestData.text(document)).endsWith(". \uFFFD end");
    }
    assertThat(texts("{\"text\": \"\\ud83d\\ude00 \\ude00\\ud83d\"}"))
        .containsExactly("\uD83D\uDE00 \uFFFD\uFFFD");
    assertThat(JsonDocuments.utf8("\uDC00")).isEqualTo("\uFFFD".getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void aDamagedLineInTheMiddleIsNamed() {
    String whole = "{\"text\": \"a\"}\n";
    for (String bad :
        List.of(
            "{\"text\": \"b\", \"n\": \n", // cut, the next line is no part of it
            "{\"text\": \"b\"}}\n",
            "{\"text\": \"b\"},\n",
            "{\"text\": \"b\"\n",
            "{\"n\": 1, \"text\": \"b\", \"n\": 2}\n")) {
      assertThatThrownBy(() -> texts(whole + bad + whole))
          .as(bad)
          .isInstanceOf(DataException.class)
          .hasMessageContaining("x.jsonl:2: not valid JSON");
    }
    for (String bad : List.of("{\"text\": \"b\"} 7\n", "{\"text\": \"b\"} {\"n\": 1}\n", "[]\n")) {
      assertThatThrownBy(() -> texts(whole + bad + whole))
          .as(bad)
          .hasMessageContaining("x.jsonl:2: no object with a text at the key 'text'");
    }
  }

  @Test
  void whatPythonWritesIsRead() throws Exception {
    String lines =
        "\uFEFF{\"score\": NaN, \"text\": \"a\"}\r\n\r\n{\"text\": \"b\", \"s\": -Infinity}";
    assertThat(texts(lines)).containsExactly("a", "b");
  }
}
