package dev.filigree.cli;

import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;

/** Where runs go that nobody named a place for. */
final class RunFolders {
  private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss");

  private RunFolders() {}

  /** {@code runs/NAME-20261124-193000}, below the working directory. */
  static Path next(String name) {
    return Path.of("runs", name + "-" + LocalDateTime.now(ZoneId.systemDefault()).format(TIME));
  }
}
