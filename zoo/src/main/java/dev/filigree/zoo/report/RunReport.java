package dev.filigree.zoo.report;

import dev.filigree.io.Durable;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Map;

/**
 * Writes {@code report.html}: the page of {@link WatchServer} as it is now, in one file that needs
 * no other. It is made from what a run directory holds ({@code config.yaml}, {@code metrics.jsonl},
 * {@code notes.txt}, {@code tags.txt}, {@code sample.txt}, {@code pictures/masks/}). Any of them
 * may be missing, and the metrics of a run that was killed may end within a line.
 */
public final class RunReport {
  /** The file's name. */
  public static final String NAME = "report.html";

  private RunReport() {}

  /**
   * Writes the report of a run, replacing an older one; returns the file.
   *
   * @throws IOException when a file cannot be read, or the report cannot be written
   */
  public static Path write(Path runDir) throws IOException {
    Path file = runDir.resolve(NAME);
    var run = new RunContent(runDir, Clock.systemUTC());
    Durable.replace(file, Page.frozen(RunContent.name(runDir), Map.of("runs", List.of(run.now()))));
    return file;
  }
}
