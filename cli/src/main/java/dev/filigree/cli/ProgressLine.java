package dev.filigree.cli;

import dev.filigree.zoo.report.Figures;
import dev.filigree.zoo.train.event.Evaluation;
import dev.filigree.zoo.train.event.RunStart;
import dev.filigree.zoo.train.event.RunSummary;
import dev.filigree.zoo.train.event.SkippedStep;
import dev.filigree.zoo.train.event.StepMetrics;
import dev.filigree.zoo.train.event.TrainingListener;
import dev.filigree.zoo.train.event.Unit;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.IntSupplier;

/**
 * Shows how far a run is. On a terminal one line that is drawn over; elsewhere a plain line every
 * twentieth of the run and after every evaluation.
 */
final class ProgressLine implements TrainingListener {
  private static final int BAR_CELLS = 20;
  private static final int LEAST_CELLS = 6;

  /** Two blanks, the percentage and both ends of a bar. */
  private static final int BAR_FRAME = 9;

  private static final int PLAIN_LINES = 20;
  private static final long REDRAW_NANOS = 100_000_000;

  /** The loss and the speed shown are averages over about this many steps. */
  private static final double MEMORY = 20;

  private static final String EIGHTHS = " ▏▎▍▌▋▊▉";

  private final PrintWriter err;
  private final IntSupplier width;
  private final Several several;
  private long firstStep;
  private long lastStep;
  private double loss;
  private double secondsPerStep;
  private double positionsPerSecond;
  private Unit unit = Unit.TOKENS;
  private long stepsSeen;
  private String validation = "";
  private long drawnAt;
  private int drawnWidth;
  private long startedAt;

  /**
   * Which of several runs this is.
   *
   * @param run counted from 1
   * @param secondsPerRun mean of those before it; NaN for the first
   */
  record Several(int run, int runs, double secondsPerRun) {
    /** A run by itself. */
    static final Several ALONE = new Several(1, 1, Double.NaN);

    /** Of all runs, where this one is part of several and takes as long as it looks. */
    private double secondsLeft(double ofThis, double seconds) {
      return ofThis + (runs - run) * (run == 1 ? seconds + ofThis : secondsPerRun);
    }
  }

  /**
   * @param columns of the terminal, asked before every line; 0 where the output is none
   */
  ProgressLine(PrintWriter err, IntSupplier columns) {
    this(err, columns, Several.ALONE);
  }

  /**
   * The same for one of several runs: the time left is that of all.
   *
   * @param columns of the terminal, asked before every line; 0 where the output is none
   */
  ProgressLine(PrintWriter err, IntSupplier columns, Several several) {
    this.err = err;
    this.width = columns;
    this.several = several;
  }

  @Override
  public void onStart(RunStart start) {
    firstStep = start.firstStep();
    lastStep = start.lastStep();
    unit = start.unit();
    err.printf(
        Locale.ROOT,
        "%s, %s parameters, %s on %s; %s%n",
        start.plan().model(),
        Figures.compact((double) start.plan().parameters()),
        start.execution(),
        start.device(),
        firstStep < lastStep
            ? "steps %,d to %,d".formatted(firstStep + 1, lastStep)
            : "all %,d steps are done".formatted(lastStep));
    err.println(
        "run directory %s; to see it in a browser: filigree watch %1$s"
            .formatted(start.directory()));
    startedAt = System.nanoTime();
  }

  @Override
  public void onStep(StepMetrics metrics) {
    stepsSeen++;
    // The first steps weigh as in a plain mean.
    double share = 1 / Math.min((double) stepsSeen, MEMORY);
    loss += share * (metrics.loss() - loss);
    secondsPerStep += share * (metrics.stepSeconds() - secondsPerStep);
    positionsPerSecond += share * (metrics.positionsPerSecond() - positionsPerSecond);
    boolean last = metrics.step() == lastStep;
    int columns = width.getAsInt();
    if (columns > 0) {
      long now = System.nanoTime();
      if (last || now - drawnAt >= REDRAW_NANOS) {
        drawnAt = now;
        draw(fitted(metrics, columns - 1), columns);
      }
    } else if (last || metrics.step() % plainEvery() == 0) {
      err.println(String.join(" · ", figures(metrics)));
    }
  }

  private long plainEvery() {
    return Math.max(1, (lastStep - firstStep) / PLAIN_LINES);
  }

  /** The figures, the most important first: a line that is too long loses the last ones. */
  private List<String> figures(StepMetrics metrics) {
    var figures = new ArrayList<String>();
    double left = secondsPerStep * (lastStep - metrics.step());
    String ofThis = Figures.duration(Math.rint(left)) + " left";
    if (several.runs == 1) {
      figures.add(ofThis);
    } else {
      double since = (System.nanoTime() - startedAt) / 1e9;
      figures.add(Figures.duration(Math.rint(several.secondsLeft(left, since))) + " left in all");
      figures.add("run %d of %d: %s".formatted(several.run, several.runs, ofThis));
    }
    figures.add(String.format(Locale.ROOT, "step %,d/%,d", metrics.step(), lastStep));
    figures.add(String.format(Locale.ROOT, "mean loss %.3f", loss));
    if (!validation.isEmpty()) {
      figures.add(validation);
    }
    figures.add("mean %s %s/s".formatted(Figures.compact(positionsPerSecond), unit.plural()));
    if (metrics.sparsity() > 0) {
      figures.add(String.format(Locale.ROOT, "%.1f %% sparse", 100 * metrics.sparsity()));
    }
    return figures;
  }

  /** As many whole figures as there is room for, and a bar where there is more. */
  private String fitted(StepMetrics metrics, int room) {
    List<String> figures = figures(metrics);
    while (figures.size() > 1 && String.join(" · ", figures).length() > room) {
      figures.removeLast();
    }
    String line = String.join(" · ", figures);
    int cells = Math.min(BAR_CELLS, room - line.length() - BAR_FRAME);
    return cells < LEAST_CELLS ? line : line + "  " + bar(metrics.step(), cells);
  }

  private String bar(long step, int cells) {
    long eighths = cells * 8L * step / Math.max(1, lastStep);
    int full = (int) (eighths / 8);
    String partial = full < cells ? String.valueOf(EIGHTHS.charAt((int) (eighths % 8))) : "";
    String bar = "█".repeat(full) + partial + " ".repeat(Math.max(0, cells - full - 1));
    return String.format(Locale.ROOT, "%3d %%▕%s▏", 100 * step / Math.max(1, lastStep), bar);
  }

  @Override
  public void onEvaluation(Evaluation evaluation) {
    validation = String.format(Locale.ROOT, "validation %.3f", evaluation.loss());
    if (width.getAsInt() == 0) {
      err.printf(
          Locale.ROOT,
          "step %,d: validation%s loss %.4f%s%n",
          evaluation.step(),
          evaluation.dataset().isEmpty() ? "" : " " + evaluation.dataset(),
          evaluation.loss(),
          quality(evaluation));
    }
  }

  private String quality(Evaluation evaluation) {
    Double accuracy = evaluation.accuracy();
    if (accuracy != null) {
      return ", accuracy " + Figures.percent(accuracy);
    }
    return unit == Unit.TOKENS ? ", perplexity " + Figures.perplexity(evaluation.perplexity()) : "";
  }

  @Override
  public void onSkipped(SkippedStep skipped) {
    clear();
    err.printf("step %d skipped: %s%n", skipped.step(), skipped.reason());
  }

  @Override
  public void onEnd(RunSummary summary) {
    if (width.getAsInt() > 0 && stepsSeen > 0) {
      err.println();
    }
  }

  /** Never wider than the terminal, since a line that wraps cannot be drawn over. */
  private void draw(String line, int columns) {
    if (columns < drawnWidth) {
      err.println(); // what was drawn has wrapped
    }
    drawnWidth = columns;
    String cut = line.length() < columns ? line : line.substring(0, columns - 1);
    err.print("\r" + cut + " ".repeat(columns - 1 - cut.length()));
    err.flush();
  }

  private void clear() {
    int columns = width.getAsInt();
    if (columns > 0) {
      draw("", columns);
      err.print("\r");
    }
  }
}
