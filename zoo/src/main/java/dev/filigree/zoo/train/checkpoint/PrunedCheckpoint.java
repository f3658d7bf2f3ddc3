package dev.filigree.zoo.train.checkpoint;

import dev.filigree.io.Durable;
import dev.filigree.io.Json;
import dev.filigree.mask.BitMask;
import dev.filigree.safetensors.ElementType;
import dev.filigree.safetensors.SafetensorsWriter;
import dev.filigree.safetensors.TensorSource;
import dev.filigree.sparsity.TrainingTensors;
import dev.filigree.zoo.data.Tokenizer;
import dev.filigree.zoo.data.TokenizerFiles;
import dev.filigree.zoo.model.HuggingFaceFolder;
import dev.filigree.zoo.model.Model;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.pytorch.Tensor;

/**
 * Makes a checkpoint of a network that was pruned after training: its weights, its masks, what of
 * tokenizer and configuration it had before, and how it was pruned. It has no optimizer state.
 */
public final class PrunedCheckpoint {
  private static final String PRUNING = "pruning.json";

  private PrunedCheckpoint() {}

  /**
   * Throws for a place that is taken, before anything is computed for it.
   *
   * @throws CheckpointException when it is there already
   */
  public static void requireFree(Path to) {
    NewFolder.requireFree(to);
  }

  /**
   * Writes one.
   *
   * @param to a new folder
   * @param masks bool by parameter name
   * @param from the folder that the network was read from
   * @param tokenizer the network's, where it is known
   * @param pruning how it was pruned, for {@code pruning.json}
   * @throws CheckpointException when {@code to} is there already or cannot be written
   */
  public static void write(
      Path to,
      Model model,
      Map<String, Tensor> masks,
      Path from,
      Optional<Tokenizer> tokenizer,
      Map<String, Object> pruning) {
    NewFolder.write(
        to,
        folder -> {
          HuggingFaceFolder.write(folder, model.config(), model.tensors(), ElementType.F32);
          writeMasks(folder, masks);
          writeTokenizer(folder, from, tokenizer);
          Path config = from.resolve(ConfigFile.NAME);
          if (Files.isRegularFile(config)) {
            Files.copy(config, folder.resolve(ConfigFile.NAME));
          }
          Durable.write(
              folder.resolve(PRUNING), Json.pretty(pruning).getBytes(StandardCharsets.UTF_8));
        });
  }

  private static void writeMasks(Path folder, Map<String, Tensor> masks) {
    List<TensorSource> sources = new ArrayList<>();
    masks.forEach(
        (name, mask) ->
            sources.add(
                new TensorSource(
                    TrainingTensors.MASK + name,
                    ElementType.U8,
                    List.of(BitMask.bytes(mask.numel())),
                    () -> BitMask.pack(mask))));
    SafetensorsWriter.write(folder.resolve(TrainingFile.NAME), sources, Map.of());
  }

  private static void writeTokenizer(Path folder, Path from, Optional<Tokenizer> tokenizer)
      throws IOException {
    TokenizerFiles.copy(from, folder);
    if (tokenizer.isPresent()) {
      tokenizer.get().save(folder);
      HuggingFaceFolder.addEndTokens(folder, tokenizer.get().endTokens());
    }
  }
}
