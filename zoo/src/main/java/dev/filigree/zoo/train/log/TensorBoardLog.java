package dev.filigree.zoo.train.log;

import dev.filigree.sparsity.MaskUpdate;
import dev.filigree.zoo.train.event.Evaluation;
import dev.filigree.zoo.train.event.MaskStructure;
import dev.filigree.zoo.train.event.RunSummary;
import dev.filigree.zoo.train.event.StepMetrics;
import dev.filigree.zoo.train.event.Unit;
import dev.filigree.zoo.train.event.WeightAges;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.LongPredicate;
import java.util.function.ToDoubleFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * TensorBoard's event files in the folder {@code events} of a run directory; a run that goes on
 * adds one.
 */
final class TensorBoardLog extends RunLog {
  static final String FOLDER = "events";
  private static final Pattern NAME = Pattern.compile("events\\.out\\.tfevents\\.(\\d{10})\\..*");

  private final List<MaskUpdate> updates = new ArrayList<>();

  private TensorBoardLog(LogFile file, LongPredicate logged, Unit unit, RunClock clock) {
    super(file, logged, unit, clock);
  }

  /**
   * Begins a new event file of a run directory.
   *
   * @param unit what the run is counted in
   * @param step optimizer steps finished before
   */
  static TensorBoardLog open(
      Path directory, LongPredicate logged, Unit unit, RunClock clock, long step) {
    Path folder = directory.resolve(FOLDER);
    try {
      Files.createDirectories(folder);
      LogFile file = LogFile.open(folder.resolve(name(folder)));
      file.append(EventRecord.version(now()));
      if (step > 0) {
        file.append(EventRecord.sessionStart(now(), step + 1));
      }
      return new TensorBoardLog(file, logged, unit, clock);
    } catch (IOException e) {
      throw LogFile.failed(folder, e);
    }
  }

  /** TensorBoard reads the files of a folder in the order of their names. */
  private static String name(Path folder) throws IOException {
    long seconds = System.currentTimeMillis() / 1000;
    try (Stream<Path> files = Files.list(folder)) {
      for (Path other : files.toList()) {
        Matcher name = NAME.matcher(other.getFileName().toString());
        if (name.matches()) {
          seconds = Math.max(seconds, Long.parseLong(name.group(1)) + 1);
        }
      }
    }
    return String.format(
        Locale.ROOT,
        "events.out.tfevents.%010d.%s.%d.0",
        seconds,
        Provenance.host(),
        ProcessHandle.current().pid());
  }

  private static double now() {
    return System.currentTimeMillis() / 1e3;
  }

  @Override
  public void onStep(StepMetrics metrics) {
    writeUpdates();
    super.onStep(metrics);
  }

  /** What became of each parameter as scalars; how the layers differ as histograms. */
  @Override
  public void onMaskUpdate(MaskUpdate update, MaskStructure structure) {
    var values = new LinkedHashMap<String, Double>();
    String prefix = "masks/" + update.parameter() + "/";
    values.put(prefix + "sparsity", update.sparsity());
    values.put(prefix + "dropped", (double) update.dropped());
    values.put(prefix + "grown", (double) update.grown());
    values.put(prefix + "dead_rows", (double) structure.deadRows());
    values.put(prefix + "dead_columns", (double) structure.deadColumns());
    Double overlap = structure.overlap();
    if (overlap != null) {
      values.put(prefix + "overlap_with_first", overlap);
    }
    Double explored = structure.explored();
    if (explored != null) {
      values.put(prefix + "explored", explored);
    }
    WeightAges ages = structure.ages();
    if (ages != null) {
      named(ages).forEach((name, value) -> values.put(prefix + name, value.doubleValue()));
    }
    write(update.step(), values);
    updates.add(update);
  }

  @Override
  public void onWeightAges(long step, WeightAges ages) {
    var values = new LinkedHashMap<String, Double>();
    named(ages).forEach((name, value) -> values.put("masks/" + name, value.doubleValue()));
    write(step, values);
  }

  /** Once all parameters of an update are known. */
  private void writeUpdates() {
    if (updates.isEmpty()) {
      return;
    }
    long step = updates.getFirst().step();
    histogram(step, "layers/sparsity", MaskUpdate::sparsity);
    histogram(
        step,
        "layers/grown_fraction",
        update -> update.kept() == 0 ? 0 : update.grown() / (double) update.kept());
    long kept = updates.stream().mapToLong(MaskUpdate::kept).sum();
    long size = updates.stream().mapToLong(MaskUpdate::size).sum();
    var values = new LinkedHashMap<String, Double>();
    values.put("masks/sparsity", 1 - (double) kept / size);
    values.put("masks/dropped", (double) updates.stream().mapToLong(MaskUpdate::dropped).sum());
    values.put("masks/grown", (double) updates.stream().mapToLong(MaskUpdate::grown).sum());
    write(step, values);
    updates.clear();
  }

  private void histogram(long step, String tag, ToDoubleFunction<MaskUpdate> value) {
    double[] values = updates.stream().mapToDouble(value).toArray();
    file.append(EventRecord.histogram(now(), step, tag, values));
  }

  @Override
  public void onEnd(RunSummary summary) {
    writeUpdates();
  }

  @Override
  void onLoggedStep(StepMetrics metrics) {
    var values = new LinkedHashMap<String, Double>();
    values.put("train/loss", metrics.loss());
    values.put("train/lr", metrics.learningRate());
    values.put("train/grad_norm", metrics.gradientNorm());
    Double ofSparse = metrics.sparseGradientNorm();
    Double ofDense = metrics.denseGradientNorm();
    if (ofSparse != null && ofDense != null) {
      values.put("train/" + SPARSE_NORM, ofSparse);
      values.put("train/" + DENSE_NORM, ofDense);
    }
    values.put("train/sparsity", metrics.sparsity());
    Double density = metrics.meanDensity();
    if (density != null) {
      values.put("train/" + MEAN_DENSITY, density);
    }
    values.put("train/" + unit.perSecond(), metrics.positionsPerSecond());
    Double flops = flops();
    if (flops != null) {
      values.put("train/flops", flops);
    }
    write(metrics.step(), values);
  }

  @Override
  public void onEvaluation(Evaluation evaluation) {
    writeUpdates();
    String prefix = evaluation.dataset().isEmpty() ? "val/" : "val/" + evaluation.dataset() + "/";
    var values = new LinkedHashMap<String, Double>();
    values.put(prefix + "loss", evaluation.loss());
    Double accuracy = evaluation.accuracy();
    if (accuracy != null) {
      values.put(prefix + "accuracy", accuracy);
    } else if (unit == Unit.TOKENS) {
      values.put(prefix + "perplexity", evaluation.perplexity());
    }
    Double bitsPerByte = evaluation.bitsPerByte();
    if (bitsPerByte != null) {
      values.put(prefix + "bits_per_byte", bitsPerByte);
    }
    write(evaluation.step(), values);
  }

  private void write(long step, Map<String, Double> values) {
    file.append(EventRecord.scalars(now(), step, values));
  }
}
