package dev.filigree.zoo.train.log;

import dev.filigree.zoo.train.event.Evaluation;
import dev.filigree.zoo.train.event.StepMetrics;
import dev.filigree.zoo.train.event.Unit;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.function.LongPredicate;
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

  private TensorBoardLog(LogFile file, LongPredicate logged, Unit unit) {
    super(file, logged, unit);
  }

  /**
   * Begins a new event file of a run directory.
   *
   * @param unit what the run is counted in
   * @param step optimizer steps finished before
   */
  static TensorBoardLog open(Path directory, LongPredicate logged, Unit unit, long step) {
    Path folder = directory.resolve(FOLDER);
    try {
      Files.createDirectories(folder);
      LogFile file = LogFile.open(folder.resolve(name(folder)));
      file.append(EventRecord.version(now()));
      if (step > 0) {
        file.append(EventRecord.sessionStart(now(), step + 1));
      }
      return new TensorBoardLog(file, logged, unit);
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
        host(),
        ProcessHandle.current().pid());
  }

  private static String host() {
    try {
      return InetAddress.getLocalHost().getHostName();
    } catch (UnknownHostException e) {
      return "localhost"; // the name only helps people to tell files apart
    }
  }

  private static double now() {
    return System.currentTimeMillis() / 1e3;
  }

  @Override
  void onLoggedStep(StepMetrics metrics) {
    var values = new LinkedHashMap<String, Double>();
    values.put("train/loss", metrics.loss());
    values.put("train/lr", metrics.learningRate());
    values.put("train/grad_norm", metrics.gradientNorm());
    values.put("train/sparsity", metrics.sparsity());
    values.put("train/" + unit.perSecond(), metrics.positionsPerSecond());
    write(metrics.step(), values);
  }

  @Override
  public void onEvaluation(Evaluation evaluation) {
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
