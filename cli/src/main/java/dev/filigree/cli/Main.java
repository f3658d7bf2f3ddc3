package dev.filigree.cli;

import dev.filigree.torch.Libtorch;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/** The program: {@code filigree COMMAND ...}. */
@Command(
    name = "filigree",
    description = "Trains neural networks whose weights are mostly zero.",
    synopsisSubcommandLabel = "COMMAND",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    scope = ScopeType.INHERIT,
    sortOptions = false,
    usageHelpAutoWidth = true,
    footer = {
      "",
      "Example:",
      "  filigree train -s sparsity=0.9 --steps 500",
      "'filigree COMMAND --help' says more."
    },
    subcommands = {
      TrainCommand.class,
      EvaluateCommand.class,
      GenerateCommand.class,
      CompareCommand.class,
      WatchCommand.class,
      ReportCommand.class,
      InspectCommand.class,
      AdviseCommand.class,
      PruneCommand.class,
      ExportCommand.class,
      ImportCommand.class,
      DataCommand.class,
      BenchCommand.class,
      DoctorCommand.class
    })
public final class Main implements Runnable {
  @Option(
      names = "--verbose",
      scope = ScopeType.INHERIT,
      description = "Log what is done; errors come with their stack trace.")
  void verbose(boolean verbose) {
    if (verbose) {
      Logging.verbose();
    }
  }

  @Override
  public void run() {
    throw new UsageException("say what to do: a COMMAND is missing");
  }

  /** Runs the program and ends the JVM with its exit code. */
  public static void main(String[] args) {
    StandardError.restore();
    Libtorch.prepare();
    var out = new PrintWriter(System.out, true, StandardCharsets.UTF_8);
    var err = new PrintWriter(System.err, true, StandardCharsets.UTF_8);
    int code = execute(out, err, args);
    out.flush();
    err.flush();
    System.exit(code);
  }

  /**
   * Runs a command.
   *
   * @return 0 done, 1 failed, 2 wrong use
   */
  static int execute(PrintWriter out, PrintWriter err, String... args) {
    var errors = new ErrorLines();
    return new CommandLine(new Main())
        .setOut(out)
        .setErr(err)
        .setParameterExceptionHandler(errors)
        .setExecutionExceptionHandler(errors)
        .setCaseInsensitiveEnumValuesAllowed(true)
        .execute(args);
  }
}
