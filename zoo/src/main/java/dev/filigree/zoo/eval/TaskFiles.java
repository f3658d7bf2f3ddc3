package dev.filigree.zoo.eval;

import dev.filigree.zoo.data.DataException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Finds the files of a task in the folder that a user names. */
final class TaskFiles {
  private TaskFiles() {}

  /**
   * The one file whose name matches.
   *
   * @throws DataException when there is none, or more than one
   */
  static Path one(Path folder, String glob) throws IOException {
    List<Path> found = all(folder, glob);
    if (found.size() > 1) {
      throw new DataException(folder + ": has more than one file " + glob + ": give one folder");
    }
    return found.getFirst();
  }

  /**
   * All files whose name matches, by name.
   *
   * @throws DataException when there is none
   */
  static List<Path> all(Path folder, String glob) throws IOException {
    var found = new ArrayList<Path>();
    if (Files.isDirectory(folder)) {
      try (var files = Files.newDirectoryStream(folder, glob)) {
        files.forEach(found::add);
      }
    }
    if (found.isEmpty()) {
      throw new DataException(folder + ": no file " + glob + "; give the folder as published");
    }
    found.sort(null);
    return found;
  }
}
