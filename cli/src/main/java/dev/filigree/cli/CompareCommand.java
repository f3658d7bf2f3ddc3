package dev.filigree.cli;

import dev.filigree.cli.compare.BaseConfig;
import dev.filigree.cli.compare.ChildProcesses;
import dev.filigree.cli.compare.ComparisonDisplay;
import dev.filigree.cli.compare.ComparisonFile;
import dev.filigree.cli.compare.ComparisonFolder;
import dev.filigree.cli.compare.ComparisonPlan;
import dev.filigree.cli.compare.ComparisonResults;
import dev.filigree.cli.compare.ComparisonRun;
import dev.filigree.cli.compare.PlannedRuns;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
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
    description = {
      "Trains one configuration with several methods, all with the same budget.",
      "The file is a configuration, or a comparison: methods and their settings, sparsities, seeds,"
          + " values to tune, the budget. The same command with the same --out goes on with a"
          + " comparison that stopped."
    },
    footer = {
      "",
      "Examples:",
      "  filigree compare configs/my.yaml --methods dense,static,rigl --seeds 3 --steps 500",
      "  filigree compare configs/compare/blog.yaml --jobs 4 --max-minutes 25 --out runs/blog",
      "  filigree compare configs/compare/blog.yaml --dry-run"
    })
final class CompareCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Mixin private ConfigOptions config;

  @Option(
      names = "--methods",
      split = ",",
      paramLabel = "METHOD",
      description =
          "Of dense, small_dense and the algorithms, or all. Default: those of the file, else dense,"
              + " static, gmp, set, rigl, granet.")
  private @Nullable List<String> methods;

  @Option(
      names = "--seeds",
      paramLabel = "N",
      description = "Runs a method, with seeds 0, 1, ... Default: that of the file, else 3.")
  private @Nullable Integer seeds;

  @Option(
      names = "--jobs",
      paramLabel = "N",
      description = "Runs at once, each a process. Default: one for each of --devices.")
  private @Nullable Integer jobs;

  @Option(
      names = "--devices",
      split = ",",
      paramLabel = "cuda:N",
      converter = ConfigOptions.DeviceConverter.class,
      description = "Where runs compute, in turn, such as cuda:0,cuda:1.")
  private List<dev.filigree.zoo.config.Device> devices = List.of();

  @Option(
      names = "--max-minutes",
      paramLabel = "M",
      description = "Stops after M minutes, with checkpoints; the same command goes on.")
  private @Nullable Double maxMinutes;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      description = "Where the runs go, and those of an earlier start are. Default: a new folder.")
  private @Nullable Path out;

  @Option(names = "--dry-run", description = "Lists the runs and what they cost; trains nothing.")
  private boolean dryRun;

  @Option(names = "--json", description = "Print the results as JSON.")
  private boolean json;

  @Option(names = "--quiet", description = "No progress: only the results.")
  private boolean quiet;

  @Override
  public Integer call() throws IOException {
    if (seeds != null && seeds < 1) {
      throw new UsageException("--seeds must be 1 or more, found " + seeds);
    }
    if (jobs != null && jobs < 1) {
      throw new UsageException("--jobs must be 1 or more, found " + jobs);
    }
    if (maxMinutes != null && !(maxMinutes > 0)) {
      throw new UsageException("--max-minutes must be more than 0, found " + maxMinutes);
    }
    Path given = config.file();
    ComparisonFile file =
        (given != null && ComparisonFile.isOne(given)
                ? ComparisonFile.read(given)
                : ComparisonFile.NONE)
            .changed(methods, seeds);
    var overrides = new ArrayList<>(file.overrides());
    overrides.addAll(config.overrides());
    var base = new BaseConfig(file.base().orElse(given), overrides);
    var plan = new ComparisonPlan(base, file);
    if (dryRun) {
      out().print(PlannedRuns.text(plan));
      out().flush();
      return 0;
    }
    int atOnce = jobs != null ? jobs : Math.max(1, devices.size());
    return run(base, plan, atOnce);
  }

  private int run(BaseConfig base, ComparisonPlan plan, int atOnce) throws IOException {
    Path directory = out != null ? out : RunFolders.next("compare-" + config.name());
    ComparisonFolder.open(directory, plan);
    var starter =
        new ChildProcesses(
            base,
            atOnce,
            devices.stream().map(Object::toString).toList(),
            Main.class.getName(),
            Workers.MARK);
    var display = new ComparisonDisplay(err(), Terminal::columns, quiet);
    var run = new ComparisonRun(directory, plan, starter, atOnce, display);
    if (!quiet) {
      err().printf("%d runs at most, %d at once, into %s%n", plan.runs(), atOnce, directory);
    }
    boolean over;
    int code;
    try (var interrupts = new Interrupts(run::requestStop, () -> true, run::end, err())) {
      Optional<Duration> most =
          Optional.ofNullable(maxMinutes)
              .map(minutes -> Duration.ofMillis((long) (minutes * 60e3)));
      over = run.run(most);
      code = interrupts.exitCode();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    } finally {
      run.end();
    }
    ComparisonResults.write(directory, plan, run::result, json, out());
    if (!over) {
      err().println("Not all runs are over. Go on with the same command and --out " + directory);
    }
    run.failures().forEach((failed, why) -> err().println("error: " + failed.name() + ": " + why));
    return code != 0 ? code : run.failures().isEmpty() ? 0 : 1;
  }

  private PrintWriter out() {
    return spec.commandLine().getOut();
  }

  private PrintWriter err() {
    return spec.commandLine().getErr();
  }
}
