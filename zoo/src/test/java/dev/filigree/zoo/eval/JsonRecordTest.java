package dev.filigree.zoo.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.filigree.zoo.data.DataException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JsonRecordTest {
  @TempDir Path folder;

  @Test
  void linesAreObjectsAndBlankLinesAreNone() throws Exception {
    Path file = Files.writeString(folder.resolve("x.jsonl"), "{\"a\": \"1\"}\n\n{\"a\": 2}\r\n");
    assertThat(JsonRecord.lines(file).stream().map(record -> record.text("a")))
        .containsExactly("1", "2");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"{\"a\": 1}{\"a\": 2}", "{\"a\": 1} ,", "{\"a\": 1, \"a\": 2}", "{\"a\": 1"})
  void aLineThatIsMoreOrLessThanAnObjectIsNamed(String line) throws Exception {
    Path file = Files.writeString(folder.resolve("x.jsonl"), "{\"a\": 0}\n" + line + "\n");
    assertThatThrownBy(() -> JsonRecord.lines(file))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("x.jsonl:2: not valid JSON");
  }
}
