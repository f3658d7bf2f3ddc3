package dev.filigree.cli;

import dev.filigree.safetensors.ElementType;
import dev.filigree.zoo.data.Tokenizer;
import dev.filigree.zoo.data.TokenizerFiles;
import dev.filigree.zoo.model.HuggingFaceFolder;
import dev.filigree.zoo.train.checkpoint.Checkpoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Writes a checkpoint's network for other tools. */
@Command(
    name = "export",
    description = "Writes a network in Hugging Face's layout: config.json and model.safetensors.",
    footer = {"", "Example:", "  filigree export runs/first --to exported --type bf16"})
final class ExportCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "CHECKPOINT|RUN_DIR", description = "The network to write.")
  private Path path;

  @Option(
      names = "--to",
      required = true,
      paramLabel = "DIR",
      description = "The folder to write; one that holds a network is refused.")
  private Path to;

  @Option(
      names = "--type",
      paramLabel = "f32|bf16|f16",
      defaultValue = "f32",
      description = "The type of the weights. Default: ${DEFAULT-VALUE}.")
  private ElementType type;

  @Override
  public Integer call() throws IOException {
    if (Files.exists(to.resolve("config.json"))) {
      throw new UsageException(to + ": holds a network already; give another --to");
    }
    Checkpoint checkpoint = Inputs.checkpoint(path);
    HuggingFaceFolder.write(to, checkpoint.modelConfig(), checkpoint.loadModel().tensors(), type);
    TokenizerFiles.copy(checkpoint.directory(), to);
    Optional<Tokenizer> tokenizer = TextModel.tokenizer(checkpoint);
    if (tokenizer.isPresent()) {
      tokenizer.get().save(to);
      HuggingFaceFolder.addEndTokens(to, tokenizer.get().endTokens());
    }
    spec.commandLine().getOut().println("Wrote " + to);
    return 0;
  }
}
