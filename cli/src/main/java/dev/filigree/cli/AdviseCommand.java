package dev.filigree.cli;

import dev.filigree.io.Json;
import dev.filigree.sparsity.LayerSpeeds;
import dev.filigree.zoo.advise.Advisor;
import dev.filigree.zoo.advise.Advisor.Candidate;
import dev.filigree.zoo.advise.SparseScalingLaw;
import dev.filigree.zoo.report.Figures;
import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.concurrent.Callable;
import org.bytedeco.pytorch.Device;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** What a budget is best spent on, by a published law. */
@Command(
    name = "advise",
    description = "Expects the loss of dense and sparse networks that a budget can train.",
    footer = {
      "",
      "Examples:",
      "  filigree advise --tokens 2e9 --flops 1e18",
      "  filigree advise --hours 24"
    })
final class AdviseCommand implements Callable<Integer> {
  private static final String LAW =
      "The law: arXiv:2606.01155, fitted on Llamas of 20 million to 1.9 billion weights, dense to"
          + " 93.75 % sparse by SET, on C4, each token seen once. Other data, tokenizers and methods"
          + " have other losses; differences between rows tell more than the losses.";

  private static final String HOURS =
      "Hours are those of the linear layers alone; attention, norms, head and optimizer take more.";

  @Spec private CommandSpec spec;

  @Option(
      names = "--tokens",
      paramLabel = "N",
      description = "Tokens to train on, such as 2e9. Default: as many as are best.")
  private @Nullable Double tokens;

  @Option(
      names = "--flops",
      paramLabel = "N",
      description = "The budget: 6 operations a token and weight that exists, such as 1e18.")
  private @Nullable Double flops;

  @Option(
      names = "--hours",
      paramLabel = "H",
      description = "The budget as time on this machine's processors, whose speed is measured.")
  private @Nullable Double hours;

  @Option(names = "--json", description = "Print the figures as JSON.")
  private boolean json;

  @Override
  public Integer call() {
    if ((flops == null) == (hours == null)) {
      throw new UsageException("give one of --flops N and --hours H");
    }
    requirePositive("--flops", flops);
    requirePositive("--hours", hours);
    requirePositive("--tokens", tokens);
    Map<Double, Double> efficiencies = Map.of();
    double budget = flops == null ? 0 : flops;
    var figures = new LinkedHashMap<String, Object>();
    if (hours != null) {
      LayerSpeeds speeds;
      try (var cpu = new Device("cpu")) {
        speeds = LayerSpeeds.measure(cpu, Advisor.DENSITIES.subList(1, Advisor.DENSITIES.size()));
      }
      efficiencies = speeds.efficiencies();
      budget = hours * 3600 * speeds.denseFlops();
      figures.put("hours", hours);
      figures.put("dense_flops_per_second", speeds.denseFlops());
    }
    figures.put("flops", budget);
    OptionalDouble wanted = tokens == null ? OptionalDouble.empty() : OptionalDouble.of(tokens);
    List<Candidate> candidates = Advisor.candidates(budget, wanted, efficiencies);
    Candidate best = Advisor.best(candidates);
    if (json) {
      figures.put("candidates", candidates.stream().map(Candidate::toMap).toList());
      figures.put("best", best.toMap());
      figures.put("law", LAW);
      spec.commandLine().getOut().println(Json.indented(figures));
    } else {
      print(budget, candidates, best, efficiencies);
    }
    PrintWriter err = spec.commandLine().getErr();
    SparseScalingLaw.outside(best.kept(), best.density())
        .forEach(reason -> err.println("warning: the best: " + reason));
    return 0;
  }

  private static void requirePositive(String option, @Nullable Double value) {
    if (value != null && !(value > 0 && value < Double.POSITIVE_INFINITY)) {
      throw new UsageException(option + " must be above 0, found " + value);
    }
  }

  private void print(
      double budget, List<Candidate> candidates, Candidate best, Map<Double, Double> speeds) {
    PrintWriter out = spec.commandLine().getOut();
    out.printf(Locale.ROOT, "%.3g FLOPs: 6 a token and weight that exists%n", budget);
    String row = "%-8s  %9s  %9s  %9s  %7s  %6s  %10s  %s%n";
    out.printf(
        row, "sparsity", "weights", "kept", "tokens", "loss", "worth", "efficiency", "the law");
    for (Candidate each : candidates) {
      out.printf(
          row,
          Figures.shortPercent(1 - each.density()),
          Figures.count(each.weights()),
          Figures.count(each.kept()),
          Figures.count(each.tokens()),
          Figures.fixed(each.loss(), 4),
          Figures.fixed(SparseScalingLaw.worth(each.density()), 2),
          Figures.fixed(speeds.getOrDefault(each.density(), 1.0), 2),
          each.isKnown() ? "knows it" : "does not know it");
    }
    Candidate dense = candidates.getFirst();
    out.printf(
        "Best: %s%n",
        best.equals(dense)
            ? "dense, %s weights, loss %s"
                .formatted(Figures.count(best.weights()), Figures.fixed(best.loss(), 4))
            : "%s sparse, %s of %s weights kept, loss %s; dense with %s weights: %s"
                .formatted(
                    Figures.shortPercent(1 - best.density()),
                    Figures.count(best.kept()),
                    Figures.count(best.weights()),
                    Figures.fixed(best.loss(), 4),
                    Figures.count(dense.weights()),
                    Figures.fixed(dense.loss(), 4)));
    out.println(
        "worth: dense weights that one kept weight replaces; efficiency: speed against dense times"
            + " density, 1 where FLOPs are what counts.");
    if (!speeds.isEmpty()) {
      out.println(HOURS);
    }
    out.println(LAW);
  }
}
