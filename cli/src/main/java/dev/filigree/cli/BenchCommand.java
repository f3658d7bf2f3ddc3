package dev.filigree.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.spi.ToolProvider;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Runs the benchmarks, which the bench module offers as a tool. */
@Command(
    name = "bench",
    description =
        "Measures the sparse kernels, or whole training steps, against dense ones; several workers"
            + " against one; or which learning rate suits which width and density.",
    footer = {"", "Example:", "  filigree bench kernels --json"})
final class BenchCommand implements Callable<Integer> {
  private static final String TOOL = "filigree-bench";

  private enum Subject {
    KERNELS,
    LAYER,
    STEP,
    SCALE,
    SUPAR
  }

  @Spec private CommandSpec spec;

  @Parameters(
      index = "0",
      paramLabel = "kernels|layer|step|scale|supar",
      description = "What to measure.")
  private Subject subject;

  @Parameters(
      index = "1..*",
      arity = "0..*",
      paramLabel = "KEY=VALUE",
      description = "Settings of the benchmark: widths=512 sparsities=0.9 tokens=512 ...")
  private List<String> settings = List.of();

  @Option(
      names = "--device",
      paramLabel = "cpu|cuda",
      description = "Where training steps are measured; by default on the CPU.")
  private String device = "cpu";

  @Option(names = "--json", description = "Print the figures as JSON.")
  private boolean json;

  @Override
  public Integer call() {
    ToolProvider tool =
        ToolProvider.findFirst(TOOL)
            .orElseThrow(() -> new IllegalStateException("no benchmarks on the class path"));
    var arguments = new ArrayList<>(List.of(subject.name().toLowerCase(java.util.Locale.ROOT)));
    if (json) {
      arguments.add("--json");
    }
    if (!device.equals("cpu")) {
      arguments.add("device=" + device);
    }
    arguments.addAll(settings);
    return tool.run(
        spec.commandLine().getOut(), spec.commandLine().getErr(), arguments.toArray(String[]::new));
  }
}
