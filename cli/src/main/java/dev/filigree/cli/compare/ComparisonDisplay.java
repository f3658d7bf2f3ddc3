package dev.filigree.cli.compare;

import dev.filigree.zoo.report.Figures;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.function.Function;
import java.util.function.IntSupplier;

/**
 * Shows how far a comparison is: a line for each run that starts or ends, and on a terminal one
 * below them that is drawn over, with the time left of the whole.
 */
public final class ComparisonDisplay {
  private static final long PLAIN_NANOS = 60_000_000_000L;

  private final PrintWriter err;
  private final IntSupplier columns;
  private final boolean quiet;
  private long plainAt = System.nanoTime();
  private boolean drawn;

  /**
   * @param columns of the terminal; 0 where the output is none
   */
  public ComparisonDisplay(PrintWriter err, IntSupplier columns, boolean quiet) {
    this.err = err;
    this.columns = columns;
    this.quiet = quiet;
  }

  void started(RunSpec run, boolean resumes) {
    line((resumes ? "goes on: " : "starts: ") + run.name());
  }

  void over(RunSpec run, RunWatch watch) {
    line(
        "done: %s: validation loss %s in %s"
            .formatted(
                run.name(), Figures.fixed(watch.loss(), 4), Figures.duration(watch.wallSeconds())));
  }

  void over(RunSpec run, String why) {
    line("ended: " + run.name() + ": " + why);
  }

  /** A line that stays. */
  private void line(String text) {
    if (!quiet) {
      end();
      err.println(text);
      err.flush();
    }
  }

  /** Lets the drawn line be. */
  void end() {
    int width = columns.getAsInt();
    if (drawn && width > 0) {
      err.print("\r" + " ".repeat(width - 1) + "\r");
      err.flush();
    }
    drawn = false;
  }

  /**
   * Draws the line, or prints it once a minute where there is no terminal.
   *
   * @param runs of the whole comparison
   * @param wanted of them, as far as is known, those that are not over
   */
  void show(
      int runs,
      List<RunSpec> wanted,
      Collection<RunSpec> active,
      Function<RunSpec, RunWatch> watch,
      int jobs) {
    int width = columns.getAsInt();
    if (quiet || active.isEmpty() || (width == 0 && System.nanoTime() - plainAt < PLAIN_NANOS)) {
      return;
    }
    plainAt = System.nanoTime();
    var parts = new ArrayList<String>();
    double left = secondsLeft(wanted, active, watch) / Math.min(jobs, Math.max(1, wanted.size()));
    parts.add(Figures.duration(Math.rint(left)) + " left of what is known");
    parts.add("%d of at most %d runs to go".formatted(wanted.size(), runs));
    for (RunSpec run : active) {
      RunWatch at = watch.apply(run);
      parts.add(
          "%s %d %% %s"
              .formatted(
                  run.name(),
                  100 * at.step() / Math.max(1, run.steps()),
                  Figures.fixed(at.trainLoss(), 3)));
    }
    String text = String.join(" · ", parts);
    if (width == 0) {
      err.println(text);
    } else {
      String cut = text.length() < width ? text : text.substring(0, width - 1);
      err.print("\r" + cut + " ".repeat(width - 1 - cut.length()));
      drawn = true;
    }
    err.flush();
  }

  /** Of all runs that are known, by the speed of those that run: NaN before they made a step. */
  private static double secondsLeft(
      List<RunSpec> wanted, Collection<RunSpec> active, Function<RunSpec, RunWatch> watch) {
    double perStep =
        active.stream()
            .map(watch)
            .filter(at -> at.step() > 0)
            .mapToDouble(at -> at.wallSeconds() / at.step())
            .average()
            .orElse(Double.NaN);
    return wanted.stream()
        .mapToDouble(
            run -> {
              RunWatch at = watch.apply(run);
              double each = at.step() > 0 ? at.wallSeconds() / at.step() : perStep;
              return each * (run.steps() - at.step());
            })
        .sum();
  }
}
