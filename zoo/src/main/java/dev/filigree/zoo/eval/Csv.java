package dev.filigree.zoo.eval;

import dev.filigree.zoo.data.DataException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Comma-separated values as RFC 4180 has them: quoted fields may hold commas and line ends. */
final class Csv {
  private final String text;
  private final Path file;
  private int position;
  private int line = 1;

  private Csv(Path file, String text) {
    this.file = file;
    this.text = text;
  }

  /**
   * A record of a file.
   *
   * @param where file and line, for messages
   */
  record Row(String where, List<String> fields) {
    Row {
      fields = List.copyOf(fields);
    }
  }

  /**
   * Reads all records of a file; empty lines are none.
   *
   * @throws DataException for a quote that is not closed
   */
  static List<Row> read(Path file) throws IOException {
    var csv = new Csv(file, new String(Files.readAllBytes(file), StandardCharsets.UTF_8));
    var rows = new ArrayList<Row>();
    while (csv.position < csv.text.length()) {
      String where = file + ":" + csv.line;
      List<String> fields = csv.row();
      if (!fields.equals(List.of(""))) {
        rows.add(new Row(where, fields));
      }
    }
    return rows;
  }

  private List<String> row() {
    var fields = new ArrayList<String>();
    fields.add(field());
    while (at(',')) {
      position++;
      fields.add(field());
    }
    if (at('\r')) {
      position++;
    }
    if (at('\n')) {
      position++;
      line++;
    }
    return fields;
  }

  private boolean at(char c) {
    return position < text.length() && text.charAt(position) == c;
  }

  private String field() {
    if (at('"')) {
      return quoted();
    }
    int start = position;
    while (position < text.length() && ",\r\n".indexOf(text.charAt(position)) < 0) {
      position++;
    }
    return text.substring(start, position);
  }

  private String quoted() {
    int opened = line;
    var field = new StringBuilder();
    position++;
    while (position < text.length()) {
      char c = text.charAt(position++);
      if (c != '"') {
        field.append(c);
        line += c == '\n' ? 1 : 0;
      } else if (at('"')) {
        field.append(c);
        position++;
      } else {
        return field + field(); // what stands between the quote and the comma belongs to it
      }
    }
    throw new DataException(file + ":" + opened + ": a quote that is not closed");
  }
}
