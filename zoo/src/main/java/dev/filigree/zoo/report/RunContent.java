package dev.filigree.zoo.report;

import com.fasterxml.jackson.databind.JsonNode;
import dev.filigree.io.Json;
import dev.filigree.zoo.report.RunMetrics.Train;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Everything that the page shows of a run, as a JSON object. */
final class RunContent {
  /** A run that writes nothing for so many seconds, and 20 of its steps, has stopped. */
  private static final double SILENCE = 60;

  private final Path directory;
  private final MetricsTail tail;
  private final RunFiles files;
  private final MaskGallery masks;
  private final Clock clock;

  RunContent(Path directory, Clock clock) {
    this.directory = directory;
    this.clock = clock;
    tail = new MetricsTail(directory.resolve("metrics.jsonl"));
    files = new RunFiles(directory);
    masks = new MaskGallery(directory);
  }

  /** The last part of the folder's name. */
  static String name(Path directory) {
    Path name = directory.toAbsolutePath().normalize().getFileName();
    return name == null ? directory.toString() : name.toString();
  }

  /** What changes whenever the content does. */
  String version() throws IOException {
    tail.refresh();
    var version = new StringBuilder(state()).append(tail.version());
    for (String name : RunFiles.ALL) {
      Path file = directory.resolve(name);
      if (Files.isRegularFile(file)) {
        version.append('-').append(Files.getLastModifiedTime(file).toMillis());
        version.append('.').append(Files.size(file));
      }
    }
    version.append(masks.version());
    return Integer.toHexString(version.toString().hashCode()) + "-" + tail.version();
  }

  /** The object as it is now. */
  Map<String, @Nullable Object> now() throws IOException {
    tail.refresh();
    RunMetrics metrics = tail.metrics();
    var columns = new RunColumns(metrics);
    var run = new LinkedHashMap<String, @Nullable Object>();
    run.put("name", name(directory));
    run.put("folder", directory.toString());
    run.put("unit", metrics.unit());
    run.put("state", state());
    run.put("tags", files.tags());
    run.put("notes", files.text(RunFiles.NOTES));
    run.put("starts", metrics.starts());
    run.put("end", withoutLayers(metrics.end()));
    run.put("train", columns.train());
    run.put("rows_per_value", columns.rowsPerValue());
    run.put("evals", columns.evals());
    run.put("updates", columns.updates());
    run.put("layers", columns.layers());
    run.put("settings", files.settings());
    run.put("configuration", files.text(RunFiles.CONFIG));
    run.put("sample", files.text(RunFiles.SAMPLE));
    run.put("masks", masks.figures());
    run.put("remarks", remarks(metrics));
    return run;
  }

  /** The end's reason; else "running" or "stopped", by when the metrics were last written. */
  private String state() {
    RunMetrics metrics = tail.metrics();
    if (metrics.ended()) {
      return metrics.end().path("reason").asText("completed");
    }
    double silence = (clock.millis() - tail.modified()) / 1e3;
    return silence <= Math.max(SILENCE, 20 * secondsPerRow(metrics.train()))
        ? "running"
        : "stopped";
  }

  private static double secondsPerRow(List<Train> rows) {
    if (rows.size() < 2) {
      return 0;
    }
    double seconds =
        rows.getLast().at().wallSeconds() - rows.get(rows.size() - 2).at().wallSeconds();
    return Double.isFinite(seconds) ? seconds : 0;
  }

  /** The end row; its layers are among the page's own. */
  private static Map<String, Object> withoutLayers(JsonNode end) {
    var row = new LinkedHashMap<String, Object>();
    end.properties().stream()
        .filter(entry -> !entry.getKey().equals("layers"))
        .forEach(entry -> row.put(entry.getKey(), entry.getValue()));
    return row;
  }

  private static List<String> remarks(RunMetrics metrics) {
    var remarks = new ArrayList<String>();
    if (metrics.unreadable() > 0) {
      remarks.add("Lines of metrics.jsonl that could not be read: " + metrics.unreadable() + ".");
    }
    if (metrics.skippedSteps() > 0) {
      remarks.add(
          "Steps skipped because a gradient was not finite: " + metrics.skippedSteps() + ".");
    }
    return remarks;
  }

  /** The object as JSON, in one line. */
  String json() throws IOException {
    return Json.row(now());
  }
}
