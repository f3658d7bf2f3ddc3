package dev.filigree.cli;

import dev.filigree.sparsity.SparseInference;
import dev.filigree.zoo.report.Figures;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Lets a trained network continue a text. */
@Command(
    name = "generate",
    description = "Lets a trained network continue a text.",
    footer = {"", "Example:", "  filigree generate runs/first --prompt 'public static '"})
final class GenerateCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "CHECKPOINT|RUN_DIR", description = "The network to write with.")
  private Path path;

  @Option(names = "--prompt", required = true, paramLabel = "TEXT", description = "How it begins.")
  private String prompt;

  @Option(
      names = "--tokens",
      paramLabel = "N",
      defaultValue = "200",
      description = "The most tokens to write. Default: ${DEFAULT-VALUE}.")
  private long tokens;

  @Option(
      names = "--temperature",
      paramLabel = "T",
      defaultValue = "0.8",
      description = "0 for always the likeliest token. Default: ${DEFAULT-VALUE}.")
  private double temperature;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "0",
      description = "Decides what is drawn. Default: ${DEFAULT-VALUE}.")
  private long seed;

  @Override
  public Integer call() {
    if (!(temperature >= 0 && temperature < Double.POSITIVE_INFINITY)) {
      throw new UsageException("--temperature must be 0 or more, found " + temperature);
    }
    if (tokens < 1) {
      throw new UsageException("--tokens must be 1 or more, found " + tokens);
    }
    PrintWriter out = spec.commandLine().getOut();
    boolean terminal = Terminal.isOutput();
    try (var sparse = new SparseInference()) {
      var texts = new Texts(TextModel.load(Inputs.checkpoint(path), sparse));
      out.print(prompt);
      long start = System.nanoTime();
      long written =
          texts.generate(
              prompt,
              tokens,
              temperature,
              seed,
              piece -> {
                out.print(terminal ? Terminal.printable(piece) : piece);
                out.flush();
              });
      double seconds = (System.nanoTime() - start) / 1e9;
      out.println();
      out.flush();
      spec.commandLine().getErr().println(speed(written, seconds, sparse.layers()));
    }
    return 0;
  }

  private static String speed(long tokens, double seconds, int compressed) {
    String layers =
        compressed == 0 ? "no layer is sparse" : "sparse layers: %d".formatted(compressed);
    return "%d tokens in %.1f s, %s a second; %s"
        .formatted(tokens, seconds, Figures.significant(tokens / seconds), layers);
  }
}
