package dev.filigree.cli.compare;

import dev.filigree.zoo.config.RunPlan;
import dev.filigree.zoo.config.TrainingFlops;
import dev.filigree.zoo.report.Figures;
import java.util.Locale;
import java.util.Map;

/** A comparison in words, before anything is trained. */
public final class PlannedRuns {
  private PlannedRuns() {}

  /** The runs and what they cost. */
  public static String text(ComparisonPlan plan) {
    var text = new StringBuilder();
    text.append(
        "%-28s %8s %9s %9s %11s %10s  %s%n"
            .formatted("method", "runs", "steps", "tokens", "FLOPs a run", "weights", "tuned"));
    boolean timed = plan.file().budget().kind() == Budget.Kind.SECONDS;
    double all = 0;
    for (Group group : plan.groups()) {
      RunSpec run = plan.sample(group);
      RunPlan of = RunPlan.of(run.config());
      Map<String, ?> tune = group.method().tune();
      int tuning = new Tuning(group.method().tune()).runs();
      double flops = TrainingFlops.of(run.config()).perPosition() * of.tokens();
      all += flops * (plan.file().seeds() + tuning * plan.file().tuneLength());
      text.append(
          String.format(
              Locale.ROOT,
              "%-28s %8s %9s %9s %11s %10s  %s%n",
              group.name(),
              tuning == 0 ? plan.file().seeds() : tuning + " + " + plan.file().seeds(),
              timed ? "timed" : String.format(Locale.ROOT, "%,d", of.steps()),
              timed ? "" : Figures.compact((double) of.tokens()),
              timed ? "" : String.format(Locale.ROOT, "%.2e", flops),
              Figures.compact((double) of.keptParameters()),
              String.join(", ", tune.keySet())));
    }
    text.append(
        String.format(
            Locale.ROOT,
            "%d runs at most, %s%s%n",
            plan.runs(),
            timed ? "" : String.format(Locale.ROOT, "%.2e FLOPs of weights that exist; ", all),
            plan.file().budget()));
    return text.toString();
  }

  /** All that decides the runs, a line each. */
  static String settings(ComparisonPlan plan) {
    var text = new StringBuilder();
    ComparisonFile file = plan.file();
    text.append("budget ").append(file.budget()).append('\n');
    text.append("tune_length ").append(file.tuneLength()).append('\n');
    text.append("seeds ").append(file.seeds()).append('\n');
    for (Group group : plan.groups()) {
      text.append("method ").append(group.name());
      text.append(" tune ").append(group.method().tune()).append('\n');
      for (String override : plan.sample(group).overrides()) {
        text.append("  ").append(override.replace('\n', ' ')).append('\n');
      }
    }
    return text.toString();
  }
}
