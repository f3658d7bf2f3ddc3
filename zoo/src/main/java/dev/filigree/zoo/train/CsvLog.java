package dev.filigree.zoo.train;

import dev.filigree.io.Durable;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongPredicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The file {@code metrics.csv}: a row for each logged step and each evaluation, RFC 4180; columns
 * that a row has no value for are empty.
 */
final class CsvLog implements RunLog {
  static final String NAME = "metrics.csv";

  private static final List<String> TEXT_COLUMNS =
      List.of(
          "event",
          "step",
          "dataset",
          "tokens",
          "loss",
          "perplexity",
          "bits_per_byte",
          "lr",
          "grad_norm",
          "sparsity",
          "tokens_per_second",
          "step_seconds");

  private static final List<String> PICTURE_COLUMNS =
      List.of(
          "event",
          "step",
          "dataset",
          "pictures",
          "loss",
          "accuracy",
          "lr",
          "grad_norm",
          "sparsity",
          "pictures_per_second",
          "step_seconds");

  private final LogFile file;
  private final LongPredicate logged;
  private final Unit unit;

  private CsvLog(LogFile file, LongPredicate logged, Unit unit) {
    this.file = file;
    this.unit = unit;
    this.logged = logged;
  }

  /** Opens the file of a run directory to append to; a new one gets its header. */
  static CsvLog open(Path directory, LongPredicate logged, Unit unit) {
    LogFile file = LogFile.open(directory.resolve(NAME));
    if (file.size() == 0) {
      file.append(line(columns(unit)));
    }
    return new CsvLog(file, logged, unit);
  }

  /**
   * Cuts what a run wrote after a step, as {@link MetricsFile#cutAfter} does; where there is no
   * file, nothing.
   *
   * @param scheduled the steps after which the run evaluates
   */
  static void cutAfter(Path directory, long step, LongPredicate scheduled) {
    Path file = directory.resolve(NAME);
    if (!Files.exists(file)) {
      return;
    }
    try {
      // A killed process may have left half a line at the end: without its line end it is cut.
      String text = new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
      String whole = text.substring(0, text.lastIndexOf('\n') + 1);
      String kept =
          whole
              .lines()
              .filter(line -> belongs(line, step, scheduled))
              .map(line -> line + "\n")
              .collect(Collectors.joining());
      Durable.replace(file, kept);
    } catch (IOException e) {
      throw LogFile.failed(file, e);
    }
  }

  private static List<String> columns(Unit unit) {
    return unit == Unit.PICTURES ? PICTURE_COLUMNS : TEXT_COLUMNS;
  }

  private static boolean belongs(String line, long step, LongPredicate scheduled) {
    String[] cells = line.split(",", 3);
    if (cells.length < 3 || !cells[1].matches("\\d{1,18}")) {
      return Stream.of(Unit.values())
          .anyMatch(unit -> line.equals(String.join(",", columns(unit))));
    }
    long rowStep = Long.parseLong(cells[1]);
    return rowStep <= step && (!cells[0].equals("eval") || scheduled.test(rowStep));
  }

  @Override
  public void onStep(StepMetrics metrics) {
    if (!logged.test(metrics.step())) {
      return;
    }
    var row = new LinkedHashMap<String, @Nullable Object>();
    row.put("event", "train");
    row.put("step", metrics.step());
    row.put(unit.plural(), metrics.positions());
    row.put("loss", metrics.loss());
    row.put("lr", metrics.learningRate());
    row.put("grad_norm", metrics.gradientNorm());
    row.put("sparsity", metrics.sparsity());
    row.put(unit.perSecond(), metrics.positionsPerSecond());
    row.put("step_seconds", metrics.stepSeconds());
    write(row);
  }

  @Override
  public void onEvaluation(Evaluation evaluation) {
    var row = new LinkedHashMap<String, @Nullable Object>();
    row.put("event", "eval");
    row.put("step", evaluation.step());
    row.put("dataset", evaluation.dataset());
    row.put(unit.plural(), evaluation.positions());
    row.put("loss", evaluation.loss());
    row.put("perplexity", evaluation.perplexity());
    row.put("accuracy", evaluation.accuracy());
    row.put("bits_per_byte", evaluation.bitsPerByte());
    write(row);
  }

  private void write(Map<String, @Nullable Object> row) {
    file.append(line(columns(unit).stream().map(column -> cell(row.get(column))).toList()));
  }

  private static String cell(@Nullable Object value) {
    String text = value == null ? "" : value.toString();
    return text.matches("[^\",\r\n]*")
        ? text
        : '"' + text.replace("\"", "\"\"").replaceAll("[\r\n]", " ") + '"';
  }

  private static byte[] line(List<String> cells) {
    return (String.join(",", cells) + "\n").getBytes(StandardCharsets.UTF_8);
  }

  @Override
  public void close() {
    file.close();
  }
}
