package dev.filigree.cli;

import dev.filigree.zoo.train.checkpoint.CheckpointImport;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Makes a checkpoint of a network from elsewhere. */
@Command(
    name = "import",
    description = "Makes a checkpoint of a network in Hugging Face's layout.",
    footer = {"", "Example:", "  filigree import ~/models/tiny-llama --to tiny-llama"})
final class ImportCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(
      paramLabel = "HF_DIR",
      description = "A folder with config.json and model.safetensors.")
  private Path from;

  @Option(
      names = "--to",
      required = true,
      paramLabel = "CHECKPOINT",
      description = "The checkpoint to write; a folder that is there is refused.")
  private Path to;

  @Override
  public Integer call() {
    var notes = new ArrayList<String>();
    CheckpointImport.write(
        Inputs.folder(from, "a folder with config.json and model.safetensors"), to, notes);
    notes.forEach(note -> spec.commandLine().getErr().println("note: " + note));
    spec.commandLine().getOut().println("Wrote " + to);
    return 0;
  }
}
