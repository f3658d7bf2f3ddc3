package dev.filigree.zoo.data;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * Documents in JSON: objects, one of whose values is the text. They stand on lines, one or more on
 * each, or one after the other over several lines, or in an array.
 */
final class JsonDocuments {
  /** Python writes NaN; an object with two values of one name says nothing certain. */
  static final JsonFactory FACTORY =
      JsonFactory.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxStringLength(TextReader.MAX_DOCUMENT_BYTES)
                  .build())
          .build();

  private static final byte[] REPLACEMENT = "\uFFFD".getBytes(StandardCharsets.UTF_8);

  private final TextFile file;
  private final String key;
  private final DocumentSource.Sink sink;

  /**
   * @param key of the text in each object
   */
  JsonDocuments(TextFile file, String key, DocumentSource.Sink sink) {
    this.file = file;
    this.key = key;
    this.sink = sink;
  }

  /**
   * Hands out the documents of lines, each of which holds whole objects.
   *
   * @return whether more are wanted
   * @throws DataException naming the line that is anything else
   */
  boolean readLines() throws IOException {
    try (var reader = new TextReader(file)) {
      long number = 0;
      for (byte[] line = reader.line(); line != null; line = reader.line()) {
        number++;
        List<byte[]> texts = texts(line, number);
        for (int i = 0; i < texts.size(); i++) {
          String name = file.name() + ":" + number + (i == 0 ? "" : "#" + (i + 1));
          if (!sink.accept(new Document(name, texts.get(i)))) {
            return false;
          }
        }
      }
    }
    return true;
  }

  private List<byte[]> texts(byte[] line, long number) throws IOException {
    var texts = new ArrayList<byte[]>(1);
    try (JsonParser parser = FACTORY.createParser(line)) {
      for (JsonToken token = parser.nextToken(); token != null; token = parser.nextToken()) {
        texts.add(text(parser, number));
      }
    } catch (JsonProcessingException e) {
      throw invalid(number, e);
    }
    return texts;
  }

  /** The same for objects over several lines, and for arrays of objects. */
  boolean readValues() throws IOException {
    try (InputStream in = file.open();
        JsonParser parser = FACTORY.createParser(in)) {
      for (JsonToken token = parser.nextToken(); token != null; token = parser.nextToken()) {
        boolean ofArray = token == JsonToken.START_ARRAY || token == JsonToken.END_ARRAY;
        if (ofArray && parser.getParsingContext().getParent() == null) {
          continue; // the end of an array of documents
        }
        if (ofArray && parser.getParsingContext().getParent().inRoot()) {
          continue; // its beginning
        }
        long line = parser.currentTokenLocation().getLineNr();
        String name = file.name() + ":" + line + ":" + parser.currentTokenLocation().getColumnNr();
        if (!sink.accept(new Document(name, text(parser, line)))) {
          return false;
        }
      }
      return true;
    } catch (JsonProcessingException e) {
      throw invalid(e.getLocation() == null ? 0 : e.getLocation().getLineNr(), e);
    }
  }

  private DataException invalid(long line, JsonProcessingException e) {
    return new DataException(
        file.place() + ":" + line + ": not valid JSON: " + e.getOriginalMessage(), e);
  }

  /** The text of the object that the parser stands at; the whole object is read. */
  private byte[] text(JsonParser parser, long line) throws IOException {
    byte[] text = null;
    if (parser.currentToken() == JsonToken.START_OBJECT) {
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        boolean wanted = parser.currentName().equals(key);
        JsonToken value = parser.nextToken();
        if (wanted && value == JsonToken.VALUE_STRING) {
          text = utf8(parser.getText());
        }
        parser.skipChildren();
      }
    }
    if (text == null) {
      throw new DataException(
          file.place() + ":" + line + ": no object with a text at the key '" + key + "'");
    }
    return text;
  }

  /** The text in UTF-8, which has no half of a surrogate pair: such become U+FFFD. */
  static byte[] utf8(String text) throws IOException {
    ByteBuffer bytes =
        StandardCharsets.UTF_8
            .newEncoder()
            .onMalformedInput(CodingErrorAction.REPLACE)
            .replaceWith(REPLACEMENT)
            .encode(CharBuffer.wrap(text));
    byte[] copy = new byte[bytes.remaining()];
    bytes.get(copy);
    return copy;
  }
}
