package dev.filigree.cli;

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
      "",
      "Ctrl-C saves a checkpoint and says how to go on; twice leaves at once, and once more",
      "where the run has no checkpoint yet."
    })
final class TrainCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Mixin private ConfigOptions config;

  @Mixin private RunNotes notes;

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

  @Option(names = "--quiet", description = "No progress, no table: only errors.")
  private boolean quiet;

  @Override
  public Integer call() {
    checkResume();
    if (dryRun) {
      plan();
      return 0;
    }
    try (Trainer trainer = trainer();
        var interrupts = new Interrupts(trainer::requestStop, trainer::hasCheckpoint, err())) {
      notes.write(trainer.directory());
      trainer.skippedCheckpoints().forEach(line -> err().println("warning: " + line));
      trainer.warnings().forEach(line -> err().println("warning: " + line));
      if (!quiet) {
        trainer.config().notes().forEach(note -> err().println("note: " + note));
        trainer.start().ifPresent(start -> err().println("note: " + start));
        trainer.listen(new ProgressLine(err(), Terminal::columns));
      }
      RunSummary summary = trainer.run();
      finish(trainer, summary);
      if (summary.ending() == RunSummary.Ending.STOPPED) {
        err().println("Go on with: filigree train --resume " + trainer.directory());
        return interrupts.exitCode();
      }
      return 0;
    }
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
    spec.commandLine().getOut().print(RunPlan.of(planned).text());
    spec.commandLine().getOut().flush();
  }

  private List<String> resumed() {
    var overrides = new ArrayList<>(config.overrides());
    overrides.addAll(overrides());
    return overrides;
  }

  private Trainer trainer() {
    if (resume != null) {
      return Trainer.resume(resume, resumed());
    }
    RunConfig read = config.read(overrides());
    Path directory =
        out != null ? out : read.modelDir().orElseGet(() -> RunFolders.next(config.name()));
    return Trainer.start(read, directory);
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

  private PrintWriter err() {
    return spec.commandLine().getErr();
  }
}
