package dev.filigree.zoo.train.checkpoint;

import dev.filigree.safetensors.ElementType;
import dev.filigree.zoo.data.TokenizerFiles;
import dev.filigree.zoo.model.HuggingFaceFolder;
import dev.filigree.zoo.model.Model;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.global.torch;

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
    NewFolder.requireFree(to);
    if (!Files.isDirectory(huggingFace)) {
      throw new CheckpointException(huggingFace, "no such folder");
    }
    checkAdapter(huggingFace, notes);
    Model model = HuggingFaceFolder.read(huggingFace, notes);
    noteWhatIsNotFinite(huggingFace, model, notes);
    noteTokenizer(huggingFace, notes);
    NewFolder.write(
        to,
        folder -> {
          HuggingFaceFolder.write(folder, model.config(), model.tensors(), ElementType.F32);
          TokenizerFiles.copy(huggingFace, folder);
        });
  }

  /** An adapter changes what its base network computes, and is none itself. */
  private static void checkAdapter(Path folder, List<String> notes) {
    Path adapter = folder.resolve("adapter_config.json");
    if (!Files.exists(adapter)) {
      return;
    }
    if (!Files.exists(folder.resolve("config.json"))) {
      throw new CheckpointException(
          folder, "holds an adapter, not a network; merge it into its base network first");
    }
    notes.add(
        adapter + ": the adapter is not applied; merge it into the network where it should be");
  }

  private static void noteWhatIsNotFinite(Path folder, Model model, List<String> notes) {
    try (var _ = new PointerScope()) {
      model
          .tensors()
          .forEach(
              (name, tensor) -> {
                long finite = torch.isfinite(tensor).sum().item_long();
                if (finite < tensor.numel()) {
                  notes.add(
                      "%s: '%s' has %d of %d values that are NaN or infinite"
                          .formatted(folder, name, tensor.numel() - finite, tensor.numel()));
                }
              });
    }
  }

  private static void noteTokenizer(Path folder, List<String> notes) {
    if (TokenizerFiles.in(folder).isEmpty()) {
      TokenizerFiles.unread(folder).ifPresent(notes::add);
    }
  }
}
