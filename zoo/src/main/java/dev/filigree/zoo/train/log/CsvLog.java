package dev.filigree.zoo.train.log;

import dev.filigree.io.Csv;
import dev.filigree.sparsity.MaskUpdate;
import dev.filigree.zoo.train.event.Evaluation;
import dev.filigree.zoo.train.event.MaskStructure;
import dev.filigree.zoo.train.event.RunStart;
import dev.filigree.zoo.train.event.StepMetrics;
import dev.filigree.zoo.train.event.Unit;
import dev.filigree.zoo.train.event.WeightAges;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.LongPredicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The file {@code metrics.csv}: a row for each logged step, each evaluation, each parameter of a
 * mask update and each resume, RFC 4180; columns that a row has no value for are empty.
 */
final class CsvLog extends RunLog {
  static final String NAME = "metrics.csv";

  /** What a mask update did to a parameter; empty in other rows. */
  private static final List<String> MASK_COLUMNS =
      List.of(
          "parameter",
          "dropped",
          "grown",
          "kept",
          "target_sparsity",
          "dead_rows",
          "dead_columns",
          "overlap_with_first",
          "explored");

  private static final List<String> AGE_COLUMNS =
      List.of("age_mean", "age_p10", "age_median", "age_p90");

  private final List<String> columns;

  private CsvLog(
      LogFile file, LongPredicate logged, Unit unit, RunClock clock, List<String> columns) {
    super(file, logged, unit, clock);
    this.columns = columns;
  }

  /**
   * Opens the file of a run directory to append to; a new one gets its header. One that is there
   * keeps the columns that it has.
   */
  static CsvLog open(Path directory, LongPredicate logged, Unit unit, RunClock clock)
      throws IOException {
    Path path = directory.resolve(NAME);
    LogFile file = LogFile.open(path);
    if (file.size() == 0) {
      file.append(line(columns(unit)));
    }
    try (BufferedReader reader = Files.newBufferedReader(path)) {
      String header = reader.readLine();
      return new CsvLog(file, logged, unit, clock, List.of(header.split(",")));
    }
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
    Stream<String> quality =
        switch (unit) {
          case TOKENS -> Stream.of("perplexity", "bits_per_byte");
          case PICTURES -> Stream.of("accuracy");
          case POSITIONS -> Stream.of();
        };
    return Stream.of(
            Stream.of("event", "step", "dataset", unit.plural(), WALL_SECONDS, "loss"),
            quality,
            Stream.of("lr", "grad_norm", "sparsity", unit.perSecond(), "step_seconds"),
            MASK_COLUMNS.stream(),
            Stream.of(FLOPS, MEAN_DENSITY, SPARSE_NORM, DENSE_NORM),
            AGE_COLUMNS.stream())
        .flatMap(names -> names)
        .toList();
  }

  private static boolean belongs(String line, long step, LongPredicate scheduled) {
    String[] cells = line.split(",", 3);
    if (line.startsWith("event,step,dataset,")) {
      return true; // the header
    }
    if (cells.length < 3 || !cells[1].matches("\\d{1,18}")) {
      return false;
    }
    long rowStep = Long.parseLong(cells[1]);
    return rowStep <= step && (!cells[0].equals("eval") || scheduled.test(rowStep));
  }

  @Override
  public void onStart(RunStart start) {
    if (start.firstStep() > 0 && hasMasks()) {
      write(row("resume", start.firstStep()));
    }
  }

  @Override
  public void onMaskUpdate(MaskUpdate update, MaskStructure structure) {
    if (!hasMasks()) {
      return; // the file of an earlier version has no columns for it
    }
    Map<String, @Nullable Object> row = row("mask_update", update.step());
    row.put("parameter", update.parameter());
    row.put("dropped", update.dropped());
    row.put("grown", update.grown());
    row.put("kept", update.kept());
    row.put("target_sparsity", update.targetSparsity());
    row.put("sparsity", update.sparsity());
    row.put("dead_rows", structure.deadRows());
    row.put("dead_columns", structure.deadColumns());
    row.put("overlap_with_first", structure.overlap());
    row.put("explored", structure.explored());
    if (structure.ages() != null) {
      row.putAll(named(structure.ages()));
    }
    write(row);
  }

  @Override
  public void onWeightAges(long step, WeightAges ages) {
    if (columns.containsAll(AGE_COLUMNS)) {
      Map<String, @Nullable Object> row = row("weight_ages", step);
      row.putAll(named(ages));
      write(row);
    }
  }

  private boolean hasMasks() {
    return columns.containsAll(MASK_COLUMNS);
  }

  @Override
  void onLoggedStep(StepMetrics metrics) {
    write(row(metrics));
  }

  @Override
  public void onEvaluation(Evaluation evaluation) {
    Map<String, @Nullable Object> row = row("eval", evaluation.step());
    row.put("dataset", evaluation.dataset());
    row.put("loss", evaluation.loss());
    row.put("perplexity", evaluation.perplexity());
    row.put("accuracy", evaluation.accuracy());
    row.put("bits_per_byte", evaluation.bitsPerByte());
    write(row);
  }

  private void write(Map<String, @Nullable Object> row) {
    var cells = new ArrayList<@Nullable Object>();
    columns.forEach(column -> cells.add(row.get(column)));
    file.append(line(cells));
  }

  private static byte[] line(List<? extends @Nullable Object> cells) {
    return Csv.line(cells).getBytes(StandardCharsets.UTF_8);
  }
}
