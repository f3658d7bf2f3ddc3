package dev.filigree.zoo.train.log;

import dev.filigree.zoo.train.event.Evaluation;
import dev.filigree.zoo.train.event.StepMetrics;
import dev.filigree.zoo.train.event.Unit;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.LongPredicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The file {@code metrics.csv}: a row for each logged step and each evaluation, RFC 4180; columns
 * that a row has no value for are empty.
 */
final class CsvLog extends RunLog {
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

  private static final List<String> OTHER_COLUMNS =
      List.of(
          "event",
          "step",
          "dataset",
          "positions",
          "loss",
          "lr",
          "grad_norm",
          "sparsity",
          "positions_per_second",
          "step_seconds");

  private CsvLog(LogFile file, LongPredicate logged, Unit unit) {
    super(file, logged, unit);
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
    LogFile.keep(directory.resolve(NAME), line -> belongs(line, step, scheduled));
  }

  private static List<String> columns(Unit unit) {
    return switch (unit) {
      case TOKENS -> TEXT_COLUMNS;
      case PICTURES -> PICTURE_COLUMNS;
      case POSITIONS -> OTHER_COLUMNS;
    };
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
  void onLoggedStep(StepMetrics metrics) {
    write(row(metrics));
  }

  @Override
  public void onEvaluation(Evaluation evaluation) {
    Map<String, @Nullable Object> row = row("eval", evaluation.step());
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
}
