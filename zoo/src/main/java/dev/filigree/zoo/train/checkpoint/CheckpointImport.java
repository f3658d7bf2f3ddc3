package dev.filigree.zoo.train.checkpoint;

import dev.filigree.io.Durable;
import dev.filigree.io.Failures;
import dev.filigree.safetensors.ElementType;
import dev.filigree.zoo.data.TokenizerFiles;
import dev.filigree.zoo.model.HuggingFaceFolder;
import dev.filigree.zoo.model.Model;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Makes a checkpoint, without a training state, of a network from elsewhere. */
public final class CheckpointImport {
  private CheckpointImport() {}

  /**
   * Reads a folder in Hugging Face's layout and writes it as a checkpoint, its tokenizer with it.
   *
   * @param notes takes a line for everything in the folder that was not used
   * @throws CheckpointException when {@code to} is there already or cannot be written
   */
  public static void write(Path huggingFace, Path to, List<String> notes) {
    if (Files.exists(to)) {
      throw new CheckpointException(to, "is there already; choose another place");
    }
    if (!Files.isDirectory(huggingFace)) {
      throw new CheckpointException(huggingFace, "no such folder");
    }
    Path target = to.toAbsolutePath().normalize();
    Path aside = target.resolveSibling("." + target.getFileName() + ".partial");
    Model model = HuggingFaceFolder.read(huggingFace, notes);
    try {
      Durable.deleteTree(aside);
      HuggingFaceFolder.write(aside, model.config(), model.tensors(), ElementType.F32);
      TokenizerFiles.copy(huggingFace, aside);
      Durable.write(
          aside.resolve(Manifest.NAME), Manifest.of(aside, Durable.syncFiles(aside)).toBytes());
      Durable.syncFolder(aside);
      Durable.rename(aside, target);
    } catch (IOException e) {
      throw new CheckpointException(to, "cannot be written: " + Failures.reason(e));
    }
  }
}
