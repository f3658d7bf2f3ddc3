package dev.filigree.zoo.data;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** JSON lines: an object a line, one of whose values is the text of a document. */
final class JsonLines {
  private static final JsonFactory FACTORY =
      JsonFactory.builder()
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxStringLength(TextReader.MAX_DOCUMENT_BYTES)
                  .build())
          .build();

  private JsonLines() {}

  /**
   * Hands out the documents of a file.
   *
   * @param name what documents are called, before the number of their line
   * @param key of the text in each object
   * @return whether more are wanted
   * @throws DataException naming the line that is no object with that key
   */
  static boolean read(Path file, String name, String key, DocumentSource.Sink sink)
      throws IOException {
    try (var reader = new TextReader(file)) {
      long number = 0;
      for (byte[] line = reader.line(); line != null; line = reader.line()) {
        number++;
        if (isBlank(line)) {
          continue;
        }
        String text = text(line, key, file + ":" + number);
        var document = new Document(name + ":" + number, text.getBytes(StandardCharsets.UTF_8));
        if (!sink.accept(document)) {
          return false;
        }
      }
    }
    return true;
  }

  private static boolean isBlank(byte[] line) {
    for (byte value : line) {
      if (value > ' ' || value < 0) {
        return false;
      }
    }
    return true;
  }

  private static String text(byte[] line, String key, String where) throws IOException {
    try (JsonParser parser = FACTORY.createParser(line)) {
      String text = parser.nextToken() == JsonToken.START_OBJECT ? find(parser, key) : null;
      if (text == null) {
        throw new DataException(where + ": no object with a text at the key '" + key + "'");
      }
      return text;
    } catch (JsonProcessingException e) {
      throw new DataException(where + ": not valid JSON: " + e.getOriginalMessage(), e);
    }
  }

  private static @Nullable String find(JsonParser parser, String key) throws IOException {
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      boolean wanted = parser.currentName().equals(key);
      JsonToken value = parser.nextToken();
      if (wanted) {
        return value == JsonToken.VALUE_STRING ? parser.getText() : null;
      }
      parser.skipChildren();
    }
    return null;
  }
}
