package dev.filigree.reliability;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** The table of what was injected and what happened: {@code target/reliability.md} of the build. */
final class Findings {
  private static final Path TARGET = Path.of("..", "target");
  private static final Path ROWS = TARGET.resolve("reliability");

  private Findings() {}

  /**
   * Writes a row, in place of the one that an earlier run of the same test wrote.
   *
   * @param place in the table, and name of the row
   * @param injected how often
   */
  static void add(String place, String fault, String injected, String happened, String lost) {
    try {
      Files.createDirectories(ROWS);
      String row = "| " + String.join(" | ", fault, injected, happened, lost) + " |";
      Files.writeString(ROWS.resolve(place + ".row"), row);
      System.out.println(row);
      writeTable();
    } catch (IOException e) {
      throw new AssertionError("the findings cannot be written", e);
    }
  }

  private static void writeTable() throws IOException {
    var table =
        new StringBuilder("| fault | injected | what happened | lost |\n|---|---|---|---|\n");
    try (Stream<Path> rows = Files.list(ROWS)) {
      List<Path> ordered = rows.filter(row -> row.toString().endsWith(".row")).sorted().toList();
      for (Path row : ordered) {
        table.append(Files.readString(row)).append('\n');
      }
    }
    Files.writeString(TARGET.resolve("reliability.md"), table);
  }
}
