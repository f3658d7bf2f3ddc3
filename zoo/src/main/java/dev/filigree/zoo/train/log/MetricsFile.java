package dev.filigree.zoo.train.log;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.JsonNode;
import dev.filigree.config.Records;
import dev.filigree.io.Json;
import dev.filigree.sparsity.MaskUpdate;
import dev.filigree.zoo.train.event.Evaluation;
import dev.filigree.zoo.train.event.MaskStructure;
import dev.filigree.zoo.train.event.RunStart;
import dev.filigree.zoo.train.event.RunSummary;
import dev.filigree.zoo.train.event.SkippedStep;
import dev.filigree.zoo.train.event.StepMetrics;
import dev.filigree.zoo.train.event.TrainingException;
import dev.filigree.zoo.train.event.Unit;
import dev.filigree.zoo.train.event.WeightAges;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.LongPredicate;
import org.jspecify.annotations.Nullable;

/** The file {@code metrics.jsonl}: a JSON object a line, written as things happen. */
final class MetricsFile extends RunLog {
  static final String NAME = "metrics.jsonl";

  private final @Nullable Double processorSecondsBefore = ProcessorTime.seconds();

  private MetricsFile(LogFile file, LongPredicate logged, Unit unit, RunClock clock) {
    super(file, logged, unit, clock);
  }

  /**
   * Opens the file of a run directory to append to.
   *
   * @param logged the steps that get a training row
   * @param unit what the run is counted in
   * @throws TrainingException when it cannot be written
   */
  static MetricsFile open(Path directory, LongPredicate logged, Unit unit, RunClock clock) {
    return new MetricsFile(LogFile.open(directory.resolve(NAME)), logged, unit, clock);
  }

  /**
   * Cuts what a run wrote after a step, so that the file is that of a run that stopped nowhere:
   * later rows, a half last line, the summary, and an evaluation that only the stop brought about.
   *
   * @param scheduled the steps after which the run evaluates
   */
  static void cutAfter(Path directory, long step, LongPredicate scheduled) {
    LogFile.keep(directory.resolve(NAME), line -> belongs(line, step, scheduled));
  }

  private static boolean belongs(String line, long step, LongPredicate scheduled) {
    try {
      JsonNode row = Json.read(line);
      long rowStep = row.path("step").asLong(Long.MAX_VALUE);
      return rowStep <= step
          && switch (row.path("event").asText()) {
            case "end" -> false;
            case "eval" -> scheduled.test(rowStep);
            default -> true;
          };
    } catch (JacksonException e) {
      return false;
    }
  }

  /** Where and with what the run begins, or goes on: a resume is a row of its own. */
  @Override
  public void onStart(RunStart start) {
    Map<String, @Nullable Object> row =
        row(start.firstStep() == 0 ? "start" : "resume", start.firstStep());
    row.put("last_step", start.lastStep());
    row.put("model", start.plan().model());
    row.put("parameters", start.plan().parameters());
    row.put("device", start.device());
    row.put("execution", start.execution());
    row.putAll(Provenance.now());
    write(row);
  }

  @Override
  void onLoggedStep(StepMetrics metrics) {
    Map<String, @Nullable Object> row = row(metrics);
    row.put(unit.perSecond(), rounded(metrics.positionsPerSecond()));
    row.put("step_seconds", rounded(metrics.stepSeconds()));
    write(row);
  }

  @Override
  public void onMaskUpdate(MaskUpdate update, MaskStructure structure) {
    Map<String, @Nullable Object> row = row("mask_update", update.step());
    row.put("parameter", update.parameter());
    row.put("dropped", update.dropped());
    row.put("grown", update.grown());
    row.put("kept", update.kept());
    row.put("target_sparsity", update.targetSparsity());
    row.put("sparsity", update.sparsity());
    row.put("dead_rows", structure.deadRows());
    row.put("dead_columns", structure.deadColumns());
    if (structure.overlap() != null) {
      row.put("overlap_with_first", structure.overlap());
    }
    if (structure.explored() != null) {
      row.put("explored", structure.explored());
    }
    if (structure.ages() != null) {
      row.putAll(named(structure.ages()));
    }
    write(row);
  }

  @Override
  public void onWeightAges(long step, WeightAges ages) {
    Map<String, @Nullable Object> row = row("weight_ages", step);
    row.putAll(named(ages));
    write(row);
  }

  @Override
  public void onEvaluation(Evaluation evaluation) {
    Map<String, @Nullable Object> row = row("eval", evaluation.step());
    if (!evaluation.dataset().isEmpty()) {
      row.put("dataset", evaluation.dataset());
    }
    row.put("loss", finite(evaluation.loss()));
    switch (unit) {
      case TOKENS -> row.put("perplexity", finite(evaluation.perplexity()));
      case PICTURES -> row.put("accuracy", evaluation.accuracy());
      case POSITIONS -> {}
    }
    if (evaluation.bitsPerByte() != null) {
      row.put("bits_per_byte", finite(evaluation.bitsPerByte()));
    }
    write(row);
  }

  @Override
  public void onSkipped(SkippedStep skipped) {
    Map<String, @Nullable Object> row = row("skipped", skipped.step());
    row.put("reason", skipped.reason());
    write(row);
  }

  @Override
  public void onEnd(RunSummary summary) {
    Map<String, @Nullable Object> row = row("end", summary.steps());
    row.put("reason", summary.ending().toString());
    row.put("steps", summary.steps());
    row.put("train_loss", finite(summary.trainLoss()));
    row.put("eval_loss", finite(summary.evalLoss()));
    row.put("bits_per_byte", finite(summary.bitsPerByte()));
    row.put("best_eval_loss", finite(summary.bestEvalLoss()));
    switch (unit) {
      case TOKENS ->
          row.put(
              "perplexity",
              summary.evalLoss() == null ? null : finite(Math.exp(summary.evalLoss())));
      case PICTURES -> row.put("accuracy", finite(summary.accuracy()));
      case POSITIONS -> {}
    }
    row.put("sparsity", summary.sparsity());
    row.put("target_sparsity", summary.targetSparsity());
    if (summary.meanDensity() != null) {
      row.put(MEAN_DENSITY, summary.meanDensity());
    }
    row.put("skipped", summary.skipped());
    row.put(unit.perSecond(), rounded(summary.positionsPerSecond()));
    row.put("seconds", rounded(summary.seconds()));
    row.put("cpu_seconds", cpuSeconds());
    row.put("seconds_since_step", summary.firstStep());
    row.put("peak_memory_bytes", PeakMemory.peakBytes());
    row.put("device", summary.device());
    row.put("execution", summary.execution());
    row.put("layers", summary.layers().stream().map(Records::write).toList());
    write(row);
  }

  /** Since the start or the resume, of the whole process. */
  private @Nullable Double cpuSeconds() {
    Double now = ProcessorTime.seconds();
    return now == null || processorSecondsBefore == null
        ? null
        : rounded(now - processorSecondsBefore);
  }

  /** JSON has no infinity and no NaN. */
  private static @Nullable Double finite(@Nullable Double value) {
    return value != null && Double.isFinite(value) ? value : null;
  }

  /** Measured times carry no more than a microsecond. */
  private static double rounded(double value) {
    return Double.isFinite(value) ? Math.rint(value * 1e6) / 1e6 : 0;
  }

  private void write(Map<String, ?> row) {
    file.append((Json.row(row) + "\n").getBytes(StandardCharsets.UTF_8));
  }
}
