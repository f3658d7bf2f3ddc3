package dev.filigree.zoo.train.log;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.JsonNode;
import dev.filigree.io.Json;
import dev.filigree.zoo.config.TrainingFlops;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** How far a run is: what every row of its files carries beside the step. */
final class RunClock {
  /** Rows are shorter, but for the last one of a run with very many layers. */
  private static final int TAIL = 1 << 20;

  private final @Nullable Double before;
  private final TrainingFlops counted;
  private final long started = System.nanoTime();
  private long step;
  private long positions;

  private RunClock(@Nullable Double before, TrainingFlops counted, long step, long positions) {
    this.before = before;
    this.counted = counted;
    this.step = step;
    this.positions = positions;
  }

  /**
   * Goes on from the last row of a file; begins at 0 where there is none.
   *
   * @param step optimizer steps finished before
   * @param positions tokens or pictures trained on before
   */
  static RunClock after(Path metrics, TrainingFlops counted, long step, long positions)
      throws IOException {
    Double before = positions == 0 ? 0.0 : null;
    if (Files.exists(metrics) && Files.size(metrics) > 0) {
      before = secondsOf(lastLine(metrics));
    }
    return new RunClock(before, counted, step, positions);
  }

  private static @Nullable Double secondsOf(String row) {
    try {
      JsonNode seconds = Json.read(row).path("wall_seconds");
      return seconds.isNumber() ? seconds.asDouble() : null;
    } catch (JacksonException e) {
      return null;
    }
  }

  private static String lastLine(Path file) throws IOException {
    try (var in = new RandomAccessFile(file.toFile(), "r")) {
      int length = (int) Math.min(TAIL, in.length());
      var bytes = new byte[length];
      in.seek(in.length() - length);
      in.readFully(bytes);
      String text = new String(bytes, StandardCharsets.UTF_8).stripTrailing();
      return text.substring(text.lastIndexOf('\n') + 1);
    }
  }

  void stepped(long step, long positions) {
    this.step = step;
    this.positions = positions;
  }

  /** Tokens or pictures trained on since the run began. */
  long positions() {
    return positions;
  }

  /** Operations of training since the run began; null where they are not counted. */
  @Nullable Double flops() {
    double flops = step == 0 ? 0 : counted.at(step, positions / (double) step);
    return Double.isNaN(flops) ? null : flops;
  }

  /**
   * Wall clock since the run began, without the time between a stop and a resume; null where the
   * rows before a resume do not tell.
   */
  @Nullable Double wallSeconds() {
    return before == null
        ? null
        : Math.rint((before + (System.nanoTime() - started) / 1e9) * 1e6) / 1e6;
  }
}
