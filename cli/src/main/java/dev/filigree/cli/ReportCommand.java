package dev.filigree.cli;

import dev.filigree.zoo.report.RunReport;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Writes the report of a run again. */
@Command(
    name = "report",
    description = "Writes report.html of runs as they are now: the page of 'watch' in one file.",
    footer = {"", "Example:", "  filigree report runs/first"})
final class ReportCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(
      paramLabel = "RUN",
      arity = "1..*",
      description = "Run directories, or a folder whose folders are some.")
  private List<Path> runs;

  @Override
  public Integer call() throws IOException {
    for (Path run : RunFolders.named(runs)) {
      spec.commandLine().getOut().println(RunReport.write(run));
    }
    return 0;
  }
}
