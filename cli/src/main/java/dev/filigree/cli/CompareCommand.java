package dev.filigree.cli;

import dev.filigree.cli.ProgressLine.Several;
import dev.filigree.io.Json;
import dev.filigree.zoo.config.RunConfig;
import dev.filigree.zoo.report.CompareReport;
import dev.filigree.zoo.report.CompareReport.Method;
import dev.filigree.zoo.report.CompareReport.Statistic;
import dev.filigree.zoo.report.Figures;
import dev.filigree.zoo.train.Trainer;
import dev.filigree.zoo.train.event.RunSummary;
import dev.filigree.zoo.train.event.Unit;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Trains one configuration with several methods, and with several seeds each. */
@Command(
    name = "compare",
    description = "Trains one configuration with several methods, all with the same budget.",
    footer = {
      "",
      "Example:",
      "  filigree compare configs/my.yaml --methods dense,static,rigl --seeds 3 --steps 500"
    })
final class CompareCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Mixin private ConfigOptions config;

  @Option(
      names = "--methods",
      split = ",",
      paramLabel = "METHOD",
      description = "Of dense, static, gmp, set, rigl, granet. Default: all.")
  private List<String> methods = SparsityMethods.NAMES;

  @Option(
      names = "--seeds",
      paramLabel = "N",
      defaultValue = "3",
      description = "Runs a method, with seeds 0, 1, ... Default: ${DEFAULT-VALUE}.")
  private int seeds;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      description = "Where the runs go. Default: a new folder below runs/.")
  private @Nullable Path out;

  @Option(names = "--json", description = "Print the results as JSON.")
  private boolean json;

  @Option(names = "--quiet", description = "No progress: only the results.")
  private boolean quiet;

  /** One run of a method. */
  private record Run(long seed, Path directory, RunSummary summary) {}

  @Override
  public Integer call() throws IOException {
    if (seeds < 1) {
      throw new UsageException("--seeds must be 1 or more, found " + seeds);
    }
    Map<String, String> overrides = overrides();
    Path directory = out != null ? out : RunFolders.next("compare-" + config.name());
    if (Files.exists(directory.resolve("compare.json"))) {
      throw new UsageException(directory + ": holds an earlier comparison; give another --out");
    }
    var results = new ArrayList<Method>();
    var rows = new ArrayList<Map<String, Object>>();
    String units = "";
    int run = 0;
    double seconds = 0;
    for (var entry : overrides.entrySet()) {
      var runs = new ArrayList<Run>();
      for (long seed = 0; seed < seeds; seed++) {
        Path runDirectory = directory.resolve(entry.getKey() + "-seed" + seed);
        RunConfig changed = config.read(List.of(entry.getValue(), "seed=" + seed));
        var several = new Several(++run, overrides.size() * seeds, seconds / (run - 1));
        spec.commandLine()
            .getErr()
            .printf("== run %d of %d: %s, seed %d%n", run, several.runs(), entry.getKey(), seed);
        long started = System.nanoTime();
        int stopped = train(changed, runDirectory, runs, seed, several);
        if (stopped != 0) {
          return stopped;
        }
        seconds += (System.nanoTime() - started) / 1e9;
      }
      units = runs.getFirst().summary().unit().plural();
      results.add(result(entry.getKey(), runs));
      rows.add(row(results.getLast(), runs));
    }
    report(directory, results, rows, units);
    return 0;
  }

  /** The changes that make the configuration a run of each method; checks all before the first. */
  private Map<String, String> overrides() {
    RunConfig compared = config.read(List.of());
    if (compared.validationData().isEmpty() || compared.loop().evalFrequency() == 0) {
      throw new UsageException(
          "compare compares validation losses, and the runs would have none: give a"
              + " val_dataloader and a loop.eval_frequency");
    }
    SparsityMethods recipes = SparsityMethods.of(compared);
    var overrides = new LinkedHashMap<String, String>();
    for (String method : methods) {
      String override = recipes.override(method);
      config.read(List.of(override));
      overrides.put(method, override);
    }
    return overrides;
  }

  /** Trains once; returns an exit code, 0 unless it was interrupted. */
  private int train(RunConfig run, Path directory, List<Run> runs, long seed, Several several) {
    PrintWriter err = spec.commandLine().getErr();
    try (Trainer trainer = Trainer.start(run, directory);
        var interrupts = new Interrupts(trainer::requestStop, trainer::hasCheckpoint, err)) {
      trainer.warnings().forEach(line -> err.println("warning: " + line));
      if (!quiet) {
        trainer.listen(new ProgressLine(err, Terminal::columns, several));
      }
      RunSummary summary = trainer.run();
      if (interrupts.interrupted()) {
        return interrupts.exitCode();
      }
      runs.add(new Run(seed, directory, summary));
      return 0;
    }
  }

  private static Method result(String method, List<Run> runs) {
    return new Method(
        method,
        runs.stream().map(Run::directory).toList(),
        Statistic.of(runs.stream().map(CompareCommand::validationLoss).toList()),
        Statistic.of(runs.stream().map(run -> run.summary().positionsPerSecond()).toList()),
        runs.getLast().summary().sparsity());
  }

  private static double validationLoss(Run run) {
    Double loss = run.summary().evalLoss();
    return loss == null ? Double.NaN : loss;
  }

  private static Map<String, Object> row(Method method, List<Run> runs) {
    String speed = runs.getFirst().summary().unit().perSecond();
    var row = new LinkedHashMap<String, Object>();
    row.put("method", method.name());
    row.put("sparsity", method.sparsity());
    row.put("validation_loss_mean", method.validationLoss().mean());
    row.put("validation_loss_std", method.validationLoss().deviation());
    row.put(speed + "_mean", method.positionsPerSecond().mean());
    row.put(speed + "_std", method.positionsPerSecond().deviation());
    row.put(
        "runs",
        runs.stream()
            .map(
                run ->
                    Map.of(
                        "seed",
                        run.seed(),
                        "directory",
                        run.directory().toString(),
                        "steps",
                        run.summary().steps(),
                        "train_loss",
                        run.summary().trainLoss(),
                        "validation_loss",
                        validationLoss(run),
                        speed,
                        run.summary().positionsPerSecond()))
            .toList());
    return row;
  }

  private void report(
      Path directory, List<Method> results, List<Map<String, Object>> rows, String units)
      throws IOException {
    String text = Json.indented(Map.of("results", rows));
    Files.writeString(directory.resolve("compare.json"), text);
    Path html = CompareReport.write(directory, results);
    PrintWriter output = spec.commandLine().getOut();
    if (json) {
      output.println(text);
      return;
    }
    boolean tokens = units.equals(Unit.TOKENS.plural());
    String perplexity = tokens ? "perplexity" : "";
    output.printf(
        "%-8s %9s %20s %11s %22s%n",
        "method", "sparsity", "validation loss", perplexity, units + "/s");
    for (Method method : results) {
      output.printf(
          "%-8s %9s %20s %11s %22s%n",
          method.name(),
          Figures.percent(method.sparsity()),
          "%s ± %s"
              .formatted(
                  Figures.fixed(method.validationLoss().mean(), 4),
                  Figures.fixed(method.validationLoss().deviation(), 4)),
          tokens ? Figures.perplexity(Math.exp(method.validationLoss().mean())) : "",
          "%s ± %s"
              .formatted(
                  Figures.compact(method.positionsPerSecond().mean()),
                  Figures.compact(method.positionsPerSecond().deviation())));
    }
    output.println("report " + html);
  }
}
