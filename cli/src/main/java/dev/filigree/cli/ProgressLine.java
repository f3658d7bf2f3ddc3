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
import java.util.Locale;

/**
 * Shows how far a run is. On a terminal one line that is drawn over; elsewhere a plain line every
 * twentieth of the run and after every evaluation.
 */
final class ProgressLine implements TrainingListener {
  private static final int BAR_CELLS = 20;
  private static final int PLAIN_LINES = 20;
  private static final long REDRAW_NANOS = 100_000_000;

  /** The loss and the speed shown are averages over about this many steps. */
  private static final double MEMORY = 20;

  private static final String EIGHTHS = " ▏▎▍▌▋▊▉";

  private final PrintWriter err;
  private final int columns;
  private long firstStep;
  private long lastStep;
  private double loss;
  private double secondsPerStep;
  private double positionsPerSecond;
  private Unit unit = Unit.TOKENS;
  private long stepsSeen;
  private String validation = "";
  private long drawnAt;

  /**
   * @param columns of the terminal; 0 where the output is none
   */
  ProgressLine(PrintWriter err, int columns) {
    this.err = err;
    this.columns = columns;
  }

  /** The width of the terminal that standard error goes to, by the launcher; 0 for none. */
  static int terminalColumns() {
    String columns = System.getenv("FILIGREE_COLUMNS");
    return columns != null && columns.matches("\\d{1,4}") ? Integer.parseInt(columns) : 0;
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
    err.println("run directory " + start.directory());
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
    if (columns > 0) {
      long now = System.nanoTime();
      if (last || now - drawnAt >= REDRAW_NANOS) {
        drawnAt = now;
        draw(bar(metrics.step()) + " " + figures(metrics));
      }
    } else if (last || metrics.step() % plainEvery() == 0) {
      err.println(figures(metrics));
    }
  }

  private long plainEvery() {
    return Math.max(1, (lastStep - firstStep) / PLAIN_LINES);
  }

  private String figures(StepMetrics metrics) {
    String sparsity =
        metrics.sparsity() > 0
            ? String.format(Locale.ROOT, " · %.1f %% sparse", 100 * metrics.sparsity())
            : "";
    return String.format(
        Locale.ROOT,
        "step %,d/%,d · loss %.3f%s · %s %s/s%s · %s left",
        metrics.step(),
        lastStep,
        loss,
        validation,
        Figures.compact(positionsPerSecond),
        unit.plural(),
        sparsity,
        Figures.duration(Math.rint(secondsPerStep * (lastStep - metrics.step()))));
  }

  private String bar(long step) {
    long eighths = BAR_CELLS * 8L * step / Math.max(1, lastStep);
    int full = (int) (eighths / 8);
    String partial = full < BAR_CELLS ? String.valueOf(EIGHTHS.charAt((int) (eighths % 8))) : "";
    String bar = "█".repeat(full) + partial + " ".repeat(Math.max(0, BAR_CELLS - full - 1));
    return String.format(Locale.ROOT, "%3d %%▕%s▏", 100 * step / Math.max(1, lastStep), bar);
  }

  @Override
  public void onEvaluation(Evaluation evaluation) {
    validation = String.format(Locale.ROOT, " · validation %.3f", evaluation.loss());
    if (columns == 0) {
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
    return unit == Unit.TOKENS
        ? ", perplexity " + Figures.significant(evaluation.perplexity())
        : "";
  }

  @Override
  public void onSkipped(SkippedStep skipped) {
    clear();
    err.printf("step %d skipped: %s%n", skipped.step(), skipped.reason());
  }

  @Override
  public void onEnd(RunSummary summary) {
    if (columns > 0 && stepsSeen > 0) {
      err.println();
    }
  }

  /** Cut to the terminal: a line that wraps cannot be drawn over. */
  private void draw(String line) {
    String cut = line.length() < columns ? line : line.substring(0, columns - 1);
    err.print("\r" + cut + " ".repeat(columns - 1 - cut.length()));
    err.flush();
  }

  private void clear() {
    if (columns > 0) {
      draw("");
      err.print("\r");
    }
  }
}
