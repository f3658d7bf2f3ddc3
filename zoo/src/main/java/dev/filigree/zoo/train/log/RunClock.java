package dev.filigree.zoo.train.log;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.JsonNode;
import dev.filigree.io.Json;
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
  private final long started = System.nanoTime();
  private long positions;

  private RunClock(@Nullable Double before, long positions) {
    this.before = before;
    this.positions = positions;
  }

  /**
   * Goes on from the last row of a file; begins at 0 where there is none.
   *
   * @param positions tokens or pictures trained on before
   */
  static RunClock after(Path metrics, long positions) throws IOException {
    if (!Files.exists(metrics) || Files.size(metrics) == 0) {
      return new RunClock(positions == 0 ? 0.0 : null, positions);
    }
    return new RunClock(secondsOf(lastLine(metrics)), positions);
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

  void stepped(long positions) {
    this.positions = positions;
  }

  /** Tokens or pictures trained on since the run began. */
  long positions() {
    return positions;
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
