package dev.filigree.cli;

import dev.filigree.distributed.ClusterEnvironment;
import dev.filigree.optim.Replica;
import dev.filigree.zoo.config.RunConfig;
import dev.filigree.zoo.config.RunPlan;
import dev.filigree.zoo.report.RunReport;
import dev.filigree.zoo.train.Trainer;
import dev.filigree.zoo.train.event.RunSummary;
import dev.filigree.zoo.train.event.Unit;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
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

/** Trains a network, or goes on with a run. */
@Command(
    name = "train",
    description = "Trains a network, or goes on with a run that stopped.",
    footer = {
      "",
      "Examples:",
      "  filigree train",
      "  filigree train configs/my.yaml -s sparsity=0.9 --out runs/first",
      "  filigree train --resume runs/first --steps 2000",
      "  filigree train configs/my.yaml --workers 4",
      "",
      "Ctrl-C saves a checkpoint and says how to go on; twice leaves at once, and once more",
      "where the run has no checkpoint yet."
    })
final class TrainCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Mixin private ConfigOptions config;

  @Mixin private RunNotes notes;

  @Mixin private ScaleOptions scale;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      description = "The run directory. Default: a new one below runs/.")
  private @Nullable Path out;

  @Option(
      names = "--checkpoint-every",
      paramLabel = "N",
      description =
          "Saves a checkpoint every N steps, and at the end; 0 for the end only. Default: a fifth of"
              + " the run, but no fewer than 100 steps and no more than 1000.")
  private @Nullable Long checkpointEvery;

  @Option(names = "--resume", paramLabel = "DIR", description = "Goes on with the run in DIR.")
  private @Nullable Path resume;

  @Option(
      names = "--seed",
      paramLabel = "N",
      description = "Decides initial weights, masks and dropout.")
  private @Nullable Long seed;

  @Option(
      names = "--dry-run",
      description = "Shows data, layers, sparsity and memory of the run; trains nothing.")
  private boolean dryRun;

  @Option(
      names = "--workers",
      paramLabel = "N",
      description =
          "Trains on N workers of this machine, each with a GPU or a share of the processors, and a"
              + " share of every batch. On a cluster its launcher says how many there are.")
  private int workers = 1;

  @Option(
      names = "--restarts",
      paramLabel = "N",
      description = "Goes on from the last checkpoint up to N times when a worker fails.")
  private int restarts;

  @Option(names = "--quiet", description = "No progress, no table: only errors.")
  private boolean quiet;

  @Override
  public Integer call() {
    if (Workers.isOne()) {
      Workers.endWithParent();
    }
    checkResume();
    if (scale.given() && !dryRun) {
      throw new UsageException("--bandwidth needs --dry-run");
    }
    if (dryRun) {
      plan();
      return 0;
    }
    Optional<ClusterEnvironment> cluster = cluster();
    if (workers > 1) {
      return trainByWorkers();
    }
    return cluster.isEmpty() ? train(Membership.alone()) : trainAsOneOf(cluster.get());
  }

  private Optional<ClusterEnvironment> cluster() {
    if (workers < 1 || restarts < 0) {
      throw new UsageException("--workers must be at least 1, and --restarts at least 0");
    }
    Optional<ClusterEnvironment> cluster = ClusterEnvironment.of(System.getenv());
    if (workers > 1 && cluster.isPresent()) {
      throw new UsageException(
          "--workers %d: this is already worker %d of %d by %s; leave out --workers"
              .formatted(
                  workers,
                  cluster.get().rendezvous().replica().rank(),
                  cluster.get().rendezvous().replica().size(),
                  cluster.get().launcher()));
    }
    if (workers == 1 && restarts > 0) {
      throw new UsageException("--restarts needs --workers");
    }
    return cluster;
  }

  /** One process for each worker; this one only waits for them. */
  private int trainByWorkers() {
    var arguments = new ArrayList<String>();
    Path directory;
    if (resume == null) {
      directory = directory(config.read(overrides()));
      if (config.file() != null) {
        arguments.add(config.file().toString());
      }
      arguments.addAll(List.of("--out", directory.toString()));
    } else {
      directory = resume;
      arguments.addAll(List.of("--resume", directory.toString()));
    }
    resumed().forEach(override -> arguments.addAll(List.of("-s", override)));
    arguments.addAll(notes.arguments());
    return new LocalTraining(directory, workers, restarts, quiet, out(), err()).run(arguments);
  }

  private int trainAsOneOf(ClusterEnvironment cluster) {
    Replica replica = cluster.rendezvous().replica();
    if (!Workers.isOne() && !quiet) {
      err()
          .printf(
              "note: worker %d of %d by %s, which meet at %s:%d%n",
              replica.rank(),
              replica.size(),
              cluster.launcher(),
              cluster.rendezvous().address(),
              cluster.rendezvous().port());
    }
    Membership membership = Membership.join(cluster.rendezvous());
    int code = train(membership);
    membership.leave(); // not where it failed: the others shall hear of that from their own sockets
    return code;
  }

  private int train(Membership membership) {
    boolean shows = membership.replica().writes() && !quiet;
    try (Trainer trainer = trainer(membership);
        var interrupts = interrupts(trainer)) {
      if (membership.replica().writes()) {
        notes.write(trainer.directory());
        trainer.skippedCheckpoints().forEach(line -> err().println("warning: " + line));
        trainer.warnings().forEach(line -> err().println("warning: " + line));
      }
      if (shows) {
        trainer.config().notes().forEach(note -> err().println("note: " + note));
        trainer.start().ifPresent(start -> err().println("note: " + start));
        trainer.listen(new ProgressLine(err(), Terminal::columns));
      }
      RunSummary summary = trainer.run();
      if (membership.replica().writes()) {
        finish(trainer, summary);
      }
      if (summary.ending() == RunSummary.Ending.STOPPED) {
        if (membership.replica().writes()) {
          err()
              .println(
                  "Go on with: filigree train --resume "
                      + trainer.directory()
                      + (Workers.isOne() ? " --workers " + membership.replica().size() : ""));
        }
        return interrupts.interrupted() ? interrupts.exitCode() : Interrupts.STOPPED;
      }
      return 0;
    }
  }

  private Interrupts interrupts(Trainer trainer) {
    return Workers.isOne()
        ? Interrupts.leftToParent(trainer::requestStop)
        : new Interrupts(trainer::requestStop, trainer::hasCheckpoint, err());
  }

  private void checkResume() {
    if (resume == null) {
      return;
    }
    Inputs.folder(resume, "the --out of a run");
    if (config.file() != null) {
      throw new UsageException(
          "--resume takes the configuration of the run: leave out " + config.file());
    }
    if (out != null || seed != null) {
      throw new UsageException("--resume keeps directory and seed: leave out --out and --seed");
    }
  }

  private List<String> overrides() {
    var overrides = new ArrayList<String>();
    if (checkpointEvery != null) {
      overrides.add("checkpoint.steps=" + checkpointEvery);
    }
    if (seed != null) {
      overrides.add("seed=" + seed);
    }
    return overrides;
  }

  private void plan() {
    RunConfig planned =
        resume == null ? config.read(overrides()) : Trainer.resumable(resume, resumed());
    PlannedData.lines(planned).forEach(spec.commandLine().getOut()::println);
    RunPlan plan = RunPlan.of(planned);
    out().print(plan.text());
    if (scale.given()) {
      out().println();
      out().print(scale.text(plan, planned, workers));
    }
    out().flush();
  }

  private List<String> resumed() {
    var overrides = new ArrayList<>(config.overrides());
    overrides.addAll(overrides());
    return overrides;
  }

  private Trainer trainer(Membership membership) {
    if (resume != null) {
      return Trainer.resume(resume, resumed(), membership.replica(), membership.exchange());
    }
    RunConfig read = config.read(overrides());
    return Trainer.start(read, directory(read), membership.replica(), membership.exchange());
  }

  private Path directory(RunConfig read) {
    return out != null ? out : read.modelDir().orElseGet(() -> RunFolders.next(config.name()));
  }

  /**
   * Lets the model write a sample, then the report, then the table. The run is over and saved: what
   * fails here is said, and changes no exit code.
   */
  private void finish(Trainer trainer, RunSummary summary) {
    String sample = "";
    if (summary.unit() == Unit.TOKENS) {
      try {
        sample = Sample.write(trainer, summary.checkpoint());
      } catch (IOException | RuntimeException e) {
        err().println("note: no sample: " + ErrorLines.message(e));
      }
    }
    @Nullable Path report = null;
    try {
      report = RunReport.write(trainer.directory());
    } catch (IOException | RuntimeException e) {
      err().println("warning: no report: " + ErrorLines.message(e));
    }
    if (!quiet) {
      PrintWriter output = spec.commandLine().getOut();
      output.print(SummaryTable.of(summary, trainer.directory(), report));
      List<String> lines = Sample.lines(sample);
      if (!lines.isEmpty()) {
        output.println();
        output.println("What the model writes:");
        lines.forEach(line -> output.println("  " + line));
      }
      output.flush();
    }
  }

  private PrintWriter out() {
    return spec.commandLine().getOut();
  }

  private PrintWriter err() {
    return spec.commandLine().getErr();
  }
}
