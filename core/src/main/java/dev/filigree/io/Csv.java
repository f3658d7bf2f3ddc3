package dev.filigree.io;

import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Rows of comma-separated values, RFC 4180; a value that is not known is an empty cell. */
public final class Csv {
  private Csv() {}

  /**
   * A row with its line end. A value with a comma or quotes is quoted; its line ends are spaces.
   */
  public static String line(List<? extends @Nullable Object> cells) {
    return cells.stream().map(Csv::cell).collect(Collectors.joining(",")) + "\n";
  }

  private static String cell(@Nullable Object value) {
    String text = value == null ? "" : value.toString();
    return text.matches("[^\",\r\n]*")
        ? text
        : '"' + text.replace("\"", "\"\"").replaceAll("[\r\n]", " ") + '"';
  }
}
