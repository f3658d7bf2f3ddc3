package dev.filigree.zoo.data;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** What a file holds, told from its content: names are no guide. */
sealed interface Content {
  /**
   * Documents in JSON.
   *
   * @param lines whether each line holds whole objects
   */
  record Json(boolean lines) implements Content {}

  /**
   * A text.
   *
   * @param note why it may not be what was meant; empty for an ordinary text
   */
  record Plain(String note) implements Content {}

  /**
   * Something that is no text.
   *
   * @param what it is, in a few words
   */
  record Foreign(String what) implements Content {}

  /** How many bytes decide, except for JSON. */
  int HEAD = 4096;

  /** How files of other kinds begin, by what they are. */
  Map<String, String> BEGINNINGS = beginnings();

  private static Map<String, String> beginnings() {
    var beginnings = new LinkedHashMap<String, String>();
    beginnings.put("\u0089PNG", "a picture");
    beginnings.put("\u00FF\u00D8\u00FF", "a picture");
    beginnings.put("GIF8", "a picture");
    beginnings.put("%PDF-", "a PDF");
    beginnings.put("PK\u0003\u0004", "a zip archive; give it as a place of its own");
    beginnings.put("7z\u00BC\u00AF", "a 7z archive");
    beginnings.put("Rar!", "a rar archive");
    beginnings.put("\u0004\"M\u0018", "packed with lz4, which is not read here");
    beginnings.put("\u00FF\u0006\u0000\u0000sNaPpY", "packed with snappy, which is not read here");
    beginnings.put("\u001F\u009D", "packed with compress, which is not read here");
    beginnings.put("\u0089HDF", "an HDF5 file; see GptHDF5MapDataProcessor");
    beginnings.put("\u0093NUMPY", "an array of NumPy");
    return beginnings;
  }

  /**
   * Tells what a file holds.
   *
   * @param key of the text in objects of JSON
   * @throws DataException for a file that holds text which is not read here, and for one that is
   *     named as text and holds none
   */
  static Content of(TextFile file, String key) throws IOException {
    byte[] head;
    try (InputStream in = file.open()) {
      head = in.readNBytes(HEAD);
    }
    String name = Packing.strip(file.name()).toLowerCase(Locale.ROOT);
    refuseOtherText(file, name, head);
    String foreign = foreign(head);
    if (!foreign.isEmpty()) {
      if (name.matches(".*\\.(jsonl|ndjson|json|txt)")) {
        throw new DataException(file.place() + ": no text: " + foreign);
      }
      return new Foreign(foreign);
    }
    byte first = firstOf(head);
    Content found =
        first == '{' || first == '['
            ? json(file, key)
            : new Plain(
                name.matches(".*\\.[ct]sv")
                    ? "a table, whose rows are not documents; JSON lines (.jsonl) make each one"
                    : "");
    return found instanceof Plain && name.matches(".*\\.(jsonl|ndjson)") ? new Json(true) : found;
  }

  private static void refuseOtherText(TextFile file, String name, byte[] head) {
    String begins = new String(head, 0, Math.min(head.length, 8), StandardCharsets.ISO_8859_1);
    if (begins.startsWith("PAR1") || begins.startsWith("ARROW1") || name.endsWith(".parquet")) {
      throw new DataException(
          file.place()
              + ": Parquet and Arrow are not read here; write it as JSON lines (.jsonl or"
              + " .jsonl.zst) first");
    }
    if (begins.startsWith("\u00FE\u00FF") || begins.startsWith("\u00FF\u00FE")) {
      throw new DataException(file.place() + ": UTF-16; write it as UTF-8 first");
    }
  }

  private static String foreign(byte[] head) {
    String text = new String(head, StandardCharsets.ISO_8859_1);
    for (var beginning : BEGINNINGS.entrySet()) {
      if (text.startsWith(beginning.getKey())) {
        return beginning.getValue();
      }
    }
    if (text.startsWith("ustar", 257)) {
      return "a tar archive; unpack it";
    }
    long controls = text.chars().filter(c -> c < ' ' && "\t\n\r\f\u001B".indexOf(c) < 0).count();
    return text.indexOf(0) >= 0 || controls > head.length / 10 ? "binary" : "";
  }

  /** The first byte that is neither blank nor part of a byte order mark. */
  private static byte firstOf(byte[] head) {
    int at = Packing.begins(head, 0xEF, 0xBB, 0xBF) ? 3 : 0;
    while (at < head.length - 1 && head[at] <= ' ' && head[at] > 0) {
      at++;
    }
    return head.length == 0 ? 0 : head[at];
  }

  /** Decides by the first object, and by whether another follows on a later line. */
  private static Content json(TextFile file, String key) throws IOException {
    var first = new FirstObject(key);
    try (InputStream in = file.open();
        JsonParser parser = JsonDocuments.FACTORY.createParser(in)) {
      return first.read(parser);
    } catch (JsonProcessingException e) {
      // Damaged, but documents: reading it names the line.
      return first.hasText ? new Json(!first.inArray) : new Plain("");
    }
  }

  /** The first object of a file, as far as it was read. */
  final class FirstObject {
    private final String key;
    private boolean inArray;
    private boolean hasText;

    private FirstObject(String key) {
      this.key = key;
    }

    private Content read(JsonParser parser) throws IOException {
      inArray = parser.nextToken() == JsonToken.START_ARRAY;
      if (inArray) {
        parser.nextToken();
      }
      if (parser.currentToken() != JsonToken.START_OBJECT) {
        return otherJson();
      }
      int line = parser.currentTokenLocation().getLineNr();
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        boolean wanted = parser.currentName().equals(key);
        hasText |= parser.nextToken() == JsonToken.VALUE_STRING && wanted;
        parser.skipChildren();
      }
      boolean oneLine = parser.currentLocation().getLineNr() == line;
      if (hasText) {
        return new Json(oneLine && !inArray);
      }
      boolean another =
          parser.nextToken() == JsonToken.START_OBJECT
              && parser.currentTokenLocation().getLineNr() > line;
      return another && oneLine && !inArray ? new Json(true) : otherJson();
    }

    private Content otherJson() {
      return new Plain("JSON, but without a text at the key '" + key + "'");
    }
  }
}
