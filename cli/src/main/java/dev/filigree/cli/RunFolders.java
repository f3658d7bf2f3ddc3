package dev.filigree.cli;

import dev.filigree.io.Failures;
import dev.filigree.zoo.train.log.RunLogs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** Where runs lie: by default, and where {@code --out} names a place. */
final class RunFolders {
  private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss");

  private RunFolders() {}

  /** {@code runs/NAME-20261124-193000}, below the working directory. */
  static Path next(String name) {
    return Path.of("runs", name + "-" + LocalDateTime.now(ZoneId.systemDefault()).format(TIME));
  }

  /**
   * The run directories that paths name: each a run, or a folder whose folders are runs.
   *
   * @throws UsageException when one is neither
   */
  static List<Path> named(List<Path> paths) {
    var runs = new ArrayList<Path>();
    for (Path path : paths) {
      if (!Files.isDirectory(path)) {
        throw new UsageException(path + ": no such folder; give the --out of a run");
      }
      List<Path> found = isRun(path) ? List.of(path) : runsIn(path);
      if (found.isEmpty()) {
        throw new UsageException(
            path
                + ": neither a run (config.yaml and metrics.jsonl are missing) nor a folder of runs");
      }
      runs.addAll(found);
    }
    return runs.stream().distinct().toList();
  }

  private static List<Path> runsIn(Path folder) {
    try (Stream<Path> entries = Files.list(folder)) {
      return entries.filter(RunFolders::isRun).sorted().toList();
    } catch (IOException e) {
      throw new UsageException(folder + ": cannot be read: " + Failures.reason(e));
    }
  }

  private static boolean isRun(Path folder) {
    return Files.isRegularFile(folder.resolve("config.yaml"))
        || Files.isRegularFile(folder.resolve(RunLogs.METRICS));
  }
}
