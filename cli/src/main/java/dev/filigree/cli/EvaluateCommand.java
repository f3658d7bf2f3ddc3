package dev.filigree.cli;

import dev.filigree.zoo.config.RunConfig;
import dev.filigree.zoo.data.DataConfig;
import dev.filigree.zoo.data.DataLoader;
import dev.filigree.zoo.data.DataSources;
import dev.filigree.zoo.model.Model;
import dev.filigree.zoo.report.Figures;
import dev.filigree.zoo.train.Checkpoint;
import dev.filigree.zoo.train.Evaluator;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** The loss of a checkpoint on its validation data. */
@Command(
    name = "evaluate",
    description = "Measures the loss of a checkpoint on validation data.",
    footer = {"", "Example:", "  filigree evaluate runs/first --json"})
final class EvaluateCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "CHECKPOINT|RUN_DIR", description = "What to evaluate.")
  private Path path;

  @Option(
      names = "--config",
      paramLabel = "CONFIG.yaml",
      description = "Where the validation data are described. Default: the checkpoint's own.")
  private @Nullable Path configFile;

  @Option(
      names = "--batches",
      paramLabel = "N",
      description = "At most so many batches; 0 for all. Default: eval_steps of the configuration.")
  private @Nullable Long batches;

  @Option(names = "--json", description = "Print the figures as JSON.")
  private boolean json;

  @Override
  public Integer call() throws IOException {
    Checkpoint checkpoint = Inputs.checkpoint(path);
    RunConfig config = config(checkpoint);
    if (config.validationData().isEmpty()) {
      throw new UsageException("the configuration has no val_dataloader: add one, or --config");
    }
    Model model = checkpoint.loadModel();
    long most = batches == null ? config.loop().evalSteps() : batches;
    PrintWriter out = spec.commandLine().getOut();
    var results = new LinkedHashMap<String, Map<String, Object>>();
    for (var entry : config.validationData().entrySet()) {
      Map<String, Object> result = evaluate(model, entry.getValue(), most);
      results.put(entry.getKey().isEmpty() ? "validation" : entry.getKey(), result);
    }
    if (json) {
      var all = new LinkedHashMap<String, Object>();
      all.put("checkpoint", checkpoint.directory().toString());
      checkpoint.step().ifPresent(step -> all.put("step", step));
      all.put("results", results);
      out.println(JsonText.of(all));
    } else {
      out.println("checkpoint " + checkpoint.directory());
      results.forEach((name, result) -> print(out, name, result));
    }
    return 0;
  }

  private static void print(PrintWriter out, String name, Map<String, Object> result) {
    out.println(name);
    result.forEach(
        (key, value) ->
            out.printf(
                "  %-14s %s%n",
                key.replace('_', ' '),
                value instanceof Double number ? Figures.fixed(number, 4) : value));
  }

  private RunConfig config(Checkpoint checkpoint) {
    if (configFile != null) {
      return RunConfig.read(configFile, List.of());
    }
    return checkpoint
        .config()
        .orElseThrow(
            () ->
                new UsageException(
                    checkpoint.directory()
                        + ": does not know its data; give --config CONFIG.yaml"));
  }

  private static Map<String, Object> evaluate(Model model, DataConfig data, long batches)
      throws IOException {
    DataLoader loader = DataSources.loader(data);
    Evaluator.Result result = new Evaluator(model).evaluate(loader, batches);
    var figures = new LinkedHashMap<String, Object>();
    figures.put("loss", result.loss());
    figures.put("perplexity", result.perplexity());
    loader
        .dataset()
        .text()
        .ifPresent(info -> figures.put("bits_per_byte", info.bitsPerByte(result.loss())));
    figures.put("tokens", result.tokens());
    return figures;
  }
}
