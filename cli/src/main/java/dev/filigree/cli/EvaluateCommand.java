package dev.filigree.cli;

import dev.filigree.io.Json;
import dev.filigree.sparsity.SparseInference;
import dev.filigree.zoo.config.RunConfig;
import dev.filigree.zoo.data.DataConfig;
import dev.filigree.zoo.data.Tokenizer;
import dev.filigree.zoo.data.TokenizerFiles;
import dev.filigree.zoo.data.Tokenizers;
import dev.filigree.zoo.eval.Tasks;
import dev.filigree.zoo.model.Model;
import dev.filigree.zoo.report.Figures;
import dev.filigree.zoo.train.checkpoint.Checkpoint;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** How good a checkpoint is: its loss on data, or the answers that it gives. */
@Command(
    name = "evaluate",
    description = "Measures the loss of a checkpoint on data, or its answers on a task.",
    footer = {
      "",
      "Examples:",
      "  filigree evaluate runs/first --json",
      "  filigree evaluate runs/first --text book.txt",
      "  filigree evaluate runs/first -s val_dataloader.data_dir=others",
      "  filigree evaluate runs/first --task arc --data ARC-Challenge"
    })
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
      names = {"-s", "--set"},
      paramLabel = "key.path=value",
      description =
          "Changes the validation data or their number, such as -s val_dataloader.batch_size=4 or"
              + " -s loop.eval_steps=0. Repeatable.")
  private List<String> settings = new ArrayList<>();

  @Option(
      names = "--text",
      paramLabel = "PATH",
      description = "Text to measure on: a file, or a folder with all that is below it.")
  private @Nullable Path text;

  @Option(
      names = "--batches",
      paramLabel = "N",
      description =
          "The most batches to use; 0 for all. Default: eval_steps of the configuration, all of a"
              + " --text.")
  private @Nullable Long batches;

  @Option(
      names = "--task",
      paramLabel = "NAME",
      completionCandidates = TaskNames.class,
      description = "A multiple-choice task: ${COMPLETION-CANDIDATES}.")
  private @Nullable String task;

  @Option(
      names = "--data",
      paramLabel = "DIR",
      description = "The folder of the task's files, as published.")
  private @Nullable Path data;

  @Option(
      names = "--shots",
      paramLabel = "N",
      description = "Examples before each question. Default: those of the Open LLM Leaderboard.")
  private @Nullable Integer shots;

  @Option(
      names = "--limit",
      paramLabel = "N",
      description = "The most questions of each subject; 0 for all, the default.")
  private @Nullable Long limit;

  @Option(names = "--json", description = "Print the figures as JSON.")
  private boolean json;

  /** For the help. */
  static final class TaskNames implements Iterable<String> {
    @Override
    public Iterator<String> iterator() {
      return Tasks.names().iterator();
    }
  }

  @Override
  public Integer call() throws IOException {
    checkOptions();
    Checkpoint checkpoint = Inputs.checkpoint(path);
    Map<String, Object> results = results(checkpoint);
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      var all = new LinkedHashMap<String, Object>();
      all.put("checkpoint", checkpoint.directory().toString());
      checkpoint.step().ifPresent(step -> all.put("step", step));
      all.put("results", results);
      out.println(Json.indented(all));
    } else {
      out.println("checkpoint " + checkpoint.directory());
      results.forEach(
          (name, result) -> {
            out.println(name);
            print(out, "  ", (Map<?, ?>) result);
          });
    }
    return 0;
  }

  private void checkOptions() {
    if ((task == null) != (data == null)) {
      throw new UsageException("--task and --data DIR go together");
    }
    if (task == null && (shots != null || limit != null)) {
      throw new UsageException("--shots and --limit are for a --task");
    }
    if ((task == null ? 0 : 1) + (text == null ? 0 : 1) + (configFile == null ? 0 : 1) > 1) {
      throw new UsageException("--task, --text and --config are three evaluations: give one");
    }
    if (!settings.isEmpty() && (task != null || text != null)) {
      throw new UsageException("-s changes the configuration's data, not --task or --text");
    }
    for (String setting : settings) {
      String key = setting.split("=", 2)[0].strip().replaceFirst("^trainer\\.(init|fit)\\.", "");
      if (!key.equals("loop.eval_steps") && !key.matches("val_dataloader(\\..*)?")) {
        throw new UsageException(
            "-s %s: a checkpoint is evaluated as it was trained; val_dataloader and loop.eval_steps"
                    .formatted(setting)
                + " can be changed");
      }
    }
    if (task != null && batches != null) {
      throw new UsageException("--batches is for a loss; a --task has --limit");
    }
    if ((shots != null && shots < 0) || (limit != null && limit < 0)) {
      throw new UsageException("--shots and --limit must be 0 or more");
    }
    if (batches != null && batches < 0) {
      throw new UsageException("--batches must be 0 or more");
    }
  }

  private Map<String, Object> results(Checkpoint checkpoint) throws IOException {
    try (var sparse = new SparseInference()) {
      return results(checkpoint, sparse);
    }
  }

  private Map<String, Object> results(Checkpoint checkpoint, SparseInference sparse)
      throws IOException {
    if (task != null && data != null) {
      Path folder = Inputs.folder(data, "the files of the task as published");
      return TaskScores.of(
          TextModel.load(checkpoint, sparse),
          TaskScores.named(task),
          folder,
          shots,
          limit == null ? 0 : limit,
          spec.commandLine().getErr());
    }
    if (text != null) {
      return Losses.ofText(TextModel.load(checkpoint, sparse), text, batches == null ? 0 : batches);
    }
    RunConfig config = config(checkpoint);
    if (config.validationData().isEmpty()) {
      throw new UsageException(
          "the configuration validates on nothing (val_dataloader: []); name data with"
              + " -s val_dataloader='{...}', --config or --text");
    }
    Model model = checkpoint.loadModel(sparse);
    long most = batches == null ? config.loop().evalSteps() : batches;
    var results = new LinkedHashMap<String, Object>();
    for (var entry : config.validationData().entrySet()) {
      requireOwnTokenizer(checkpoint, entry.getValue());
      String name = entry.getKey().isEmpty() ? "validation" : entry.getKey();
      results.put(name, Losses.of(model, entry.getValue(), most));
    }
    return results;
  }

  /** Throws for data of another tokenizer than the checkpoint's, where both are known. */
  private static void requireOwnTokenizer(Checkpoint checkpoint, DataConfig data) {
    Optional<Tokenizer> own = TokenizerFiles.in(checkpoint.directory());
    String other = data.tokenizer();
    if (own.isPresent()
        && other != null
        && !Tokenizers.of(other).identity().equals(own.get().identity())) {
      throw new UsageException(
          "%s: its tokenizer is %s, that of the data is %s"
              .formatted(checkpoint.directory(), own.get().name(), other));
    }
  }

  private static void print(PrintWriter out, String indent, Map<?, ?> result) {
    result.forEach(
        (key, value) -> {
          String name = String.valueOf(key).replace('_', ' ');
          if (value instanceof Map<?, ?> inner) {
            out.println(indent + name);
            print(out, indent + "  ", inner);
          } else {
            out.printf(
                "%s%-14s %s%n",
                indent, name, value instanceof Double number ? figure(name, number) : value);
          }
        });
  }

  private static String figure(String name, double value) {
    return name.equals("perplexity") ? Figures.perplexity(value) : Figures.fixed(value, 4);
  }

  private RunConfig config(Checkpoint checkpoint) {
    if (configFile != null) {
      return RunConfig.read(configFile, settings);
    }
    return checkpoint
        .config(settings)
        .orElseThrow(
            () ->
                new UsageException(
                    checkpoint.directory()
                        + ": does not know its data; give --config CONFIG.yaml, --text or --task"));
  }
}
