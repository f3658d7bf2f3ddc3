package dev.filigree.cli.compare;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.JsonNode;
import dev.filigree.io.Json;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;

/** How far a run is, from the {@code metrics.jsonl} that it writes, also while it is written. */
final class RunWatch {
  /** Says why a run was ended as diverged; a run that has it is over. */
  static final String DIVERGED = "diverged.txt";

  private static final int WARM_UP = 4;

  private final Path directory;
  private long read;
  private long step;
  private double trainLoss = Double.NaN;
  private double wallSeconds;
  private boolean skipping;
  private String ending = "";
  private final TreeMap<Long, List<Double>> evaluations = new TreeMap<>();
  private final List<Double> stepSeconds = new ArrayList<>();

  RunWatch(Path directory) {
    this.directory = directory;
  }

  /** Takes in what was written since; a line that is not whole yet waits. */
  void refresh() {
    Path file = directory.resolve("metrics.jsonl");
    if (!Files.isRegularFile(file)) {
      forget();
      return;
    }
    try (var in = new RandomAccessFile(file.toFile(), "r")) {
      if (in.length() < read) {
        forget(); // a resume has cut it
      }
      in.seek(read);
      byte[] bytes = new byte[(int) Math.min(in.length() - read, Integer.MAX_VALUE - 8)];
      in.readFully(bytes);
      int end = bytes.length;
      while (end > 0 && bytes[end - 1] != '\n') {
        end--;
      }
      read += end;
      new String(bytes, 0, end, StandardCharsets.UTF_8).lines().forEach(this::accept);
    } catch (IOException e) {
      // It is read again next time.
    }
  }

  private void forget() {
    read = 0;
    step = 0;
    trainLoss = Double.NaN;
    wallSeconds = 0;
    skipping = false;
    ending = "";
    evaluations.clear();
    stepSeconds.clear();
  }

  private void accept(String line) {
    JsonNode row;
    try {
      row = Json.read(line);
    } catch (JacksonException e) {
      return;
    }
    long at = row.path("step").asLong();
    wallSeconds = row.path("wall_seconds").asDouble(wallSeconds);
    switch (row.path("event").asText()) {
      case "train" -> {
        step = at;
        skipping = false;
        trainLoss = row.path("loss").asDouble(Double.NaN);
        stepSeconds.add(row.path("step_seconds").asDouble());
      }
      case "eval" ->
          evaluations
              .computeIfAbsent(at, _ -> new ArrayList<>())
              .add(row.path("loss").asDouble(Double.NaN));
      case "skipped" -> skipping = true;
      case "resume" -> {
        step = at;
        evaluations.tailMap(at, false).clear();
        ending = "";
      }
      case "end" -> ending = row.path("reason").asText();
      default -> {} // says nothing about how far it is
    }
  }

  Path directory() {
    return directory;
  }

  long step() {
    return step;
  }

  double trainLoss() {
    return trainLoss;
  }

  /** Whether the last thing that happened was a batch that gave no step. */
  boolean isSkipping() {
    return skipping;
  }

  /** Since the run began, without pauses. */
  double wallSeconds() {
    return wallSeconds;
  }

  /** Validation losses by step, the mean over several sets. */
  NavigableMap<Long, Double> evaluations() {
    var means = new TreeMap<Long, Double>();
    evaluations.forEach(
        (at, losses) ->
            means.put(at, losses.stream().mapToDouble(loss -> loss).average().orElseThrow()));
    return means;
  }

  /** The last validation loss; NaN for none. */
  double loss() {
    var last = evaluations().lastEntry();
    return last == null ? Double.NaN : last.getValue();
  }

  /** Whether it made its last step, or ended early by its own rule. */
  boolean isFinished() {
    return !ending.isEmpty() && !ending.equals("interrupted");
  }

  boolean isDiverged() {
    return Files.exists(directory.resolve(DIVERGED));
  }

  /** The median over the steps but the first few; NaN for none. */
  double secondsPerStep() {
    List<Double> sorted =
        stepSeconds.stream().skip(Math.min(WARM_UP, stepSeconds.size() / 2)).sorted().toList();
    return sorted.isEmpty() ? Double.NaN : sorted.get(sorted.size() / 2);
  }
}
