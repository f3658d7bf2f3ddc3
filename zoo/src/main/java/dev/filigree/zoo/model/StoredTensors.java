package dev.filigree.zoo.model;

import dev.filigree.safetensors.ElementType;
import dev.filigree.safetensors.SafetensorsException;
import dev.filigree.safetensors.SafetensorsFolder;
import dev.filigree.safetensors.TensorEntry;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * The tensors of a network in the files of a folder. The files come from anywhere: each tensor of
 * the network must be there, of its shape and in floating point, and each tensor of the files must
 * be one of the network, or one that is known not to take part in what it computes.
 *
 * @param tensors those of the network
 * @param names their names in the files
 */
record StoredTensors(
    SafetensorsFolder files, List<HuggingFaceTensor> tensors, Map<String, String> names) {
  private static final Set<ElementType> WEIGHTS =
      EnumSet.of(ElementType.F64, ElementType.F32, ElementType.BF16, ElementType.F16);

  /** What files of a network without its head leave out in front of a name. */
  private static final Pattern BASE =
      Pattern.compile("^(model|transformer|gpt_neox|vit|resnet)\\.");

  /** Constants that older checkpoints hold beside the parameters. */
  private static final Pattern CONSTANTS =
      Pattern.compile(
          ".*\\b(rotary_emb\\.inv_freq|(attn|attention)\\.(masked_)?bias|num_batches_tracked)");

  /** A layer that transformers leaves out when it classifies pictures. */
  private static final Pattern UNUSED = Pattern.compile("vit\\.pooler\\.dense\\.(weight|bias)");

  /** The output head, whose tensor may be a copy of the embedding. */
  private static final Pattern HEAD = Pattern.compile("lm_head\\.weight|embed_out\\.weight");

  private static final Pattern EMBEDDING =
      Pattern.compile(".*\\b(embed_tokens|wte|embed_in)\\.weight");

  /** What GPTQ, AWQ, bitsandbytes, compressed-tensors and others put beside packed weights. */
  private static final Pattern QUANTISED =
      Pattern.compile(
          ".*(\\.(qweight|qzeros|scales|g_idx|SCB|weight_format|input_scale|output_scale|biases)"
              + "|\\.weight[_.](scale.*|zero_point|packed|shape|absmax|quant_map|quant_state.*"
              + "|nested_.*))");

  /**
   * Finds and checks the tensors.
   *
   * @param notes takes a line for each tensor that takes no part
   */
  static StoredTensors of(
      Path folder, ModelConfig config, SafetensorsFolder files, List<String> notes) {
    List<HuggingFaceTensor> tensors = config.huggingFaceTensors();
    refuseQuantised(folder, files, tensors);
    boolean tied = tensors.stream().noneMatch(tensor -> HEAD.matcher(tensor.name()).matches());
    var names = new LinkedHashMap<String, String>();
    for (HuggingFaceTensor tensor : tensors) {
      TensorEntry entry = entry(folder, files, tensor.name(), tied);
      if (!entry.shape().equals(tensor.shape())) {
        throw new SafetensorsException(
            "%s: tensor '%s' has shape %s, config.json says %s"
                .formatted(folder, entry.name(), entry.shape(), tensor.shape()));
      }
      if (!WEIGHTS.contains(entry.type())) {
        throw new SafetensorsException(
            "%s: tensor '%s' is %s; weights are read as F64, F32, BF16 or F16: quantised ones are"
                    .formatted(folder, entry.name(), entry.type())
                + " not supported");
      }
      names.put(tensor.name(), entry.name());
    }
    var stored = new StoredTensors(files, tensors, names);
    stored.checkOthers(folder, config, notes);
    return stored;
  }

  /** Reads a tensor of the network into new CPU memory. */
  Tensor read(HuggingFaceTensor tensor) {
    return files.read(Objects.requireNonNull(names.get(tensor.name()), tensor.name()));
  }

  /**
   * @param tied whether the embedding is the head too: writers that store a shared tensor once keep
   *     either name
   */
  private static TensorEntry entry(
      Path folder, SafetensorsFolder files, String name, boolean tied) {
    var names = Stream.of(name, BASE.matcher(name).replaceFirst(""));
    if (tied && EMBEDDING.matcher(name).matches()) {
      names =
          Stream.concat(
              names,
              files.entries().keySet().stream().filter(other -> HEAD.matcher(other).matches()));
    }
    return names
        .filter(files.entries()::containsKey)
        .findFirst()
        .map(files.entries()::get)
        .orElseThrow(() -> new SafetensorsException(folder + ": has no tensor '" + name + "'"));
  }

  private static void refuseQuantised(
      Path folder, SafetensorsFolder files, List<HuggingFaceTensor> tensors) {
    var others = new LinkedHashSet<>(files.entries().keySet());
    tensors.forEach(tensor -> others.remove(tensor.name()));
    for (String name : others) {
      if (QUANTISED.matcher(name).matches()) {
        throw new SafetensorsException(
            "%s: tensor '%s' belongs to quantised weights, which are not supported; give a folder"
                    .formatted(folder, name)
                + " whose weights are F64, F32, BF16 or F16");
      }
    }
  }

  private void checkOthers(Path folder, ModelConfig config, List<String> notes) {
    var others = new LinkedHashSet<>(files.entries().keySet());
    others.removeAll(names.values());
    for (String name : others) {
      if (UNUSED.matcher(name).matches()) {
        notes.add(folder + ": tensor '" + name + "' is not used");
      } else if (HEAD.matcher(name).matches() && tiedEmbedding() != null) {
        checkTied(folder, name, Objects.requireNonNull(tiedEmbedding()));
      } else if (!CONSTANTS.matcher(name).matches()) {
        throw new SafetensorsException(
            "%s: tensor '%s' is not one of the %d that config.json gives this %s: %s"
                .formatted(folder, name, tensors.size(), config.modelType(), summary()));
      }
    }
  }

  /** The embedding of a network that has no head of its own. */
  private @Nullable String tiedEmbedding() {
    return names.keySet().stream().anyMatch(name -> HEAD.matcher(name).matches())
        ? null
        : names.values().stream()
            .filter(name -> EMBEDDING.matcher(name).matches())
            .findFirst()
            .orElse(null);
  }

  /** A head beside tied embeddings is a copy, or the configuration says something else. */
  private void checkTied(Path folder, String head, String embedding) {
    try (var _ = new PointerScope()) {
      Tensor copy = files.read(head);
      if (!copy.equal(files.read(embedding).to(copy.scalar_type()))) {
        throw new SafetensorsException(
            "%s: tensor '%s' differs from '%s', but config.json says that they are one"
                    .formatted(folder, head, embedding)
                + " (tie_word_embeddings)");
      }
    }
  }

  /** The names of the first and the last tensor of the network. */
  private String summary() {
    return tensors.getFirst().name() + " ... " + tensors.getLast().name();
  }
}
