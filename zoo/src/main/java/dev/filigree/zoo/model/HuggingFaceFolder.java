package dev.filigree.zoo.model;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.filigree.config.ConfigReader;
import dev.filigree.safetensors.ElementType;
import dev.filigree.safetensors.SafetensorsException;
import dev.filigree.safetensors.SafetensorsWriter;
import dev.filigree.safetensors.TensorSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.function.Function;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/**
 * A network as a folder in Hugging Face's layout: {@code config.json} and {@code model.safetensors}
 * (or several files and an index).
 */
public final class HuggingFaceFolder {
  private static final String CONFIG = "config.json";
  private static final String END_TOKENS = "eos_token_id";
  private static final String AVERAGE = ".running_var";
  private static final String SINGLE = "model.safetensors";
  private static final String INDEX = "model.safetensors.index.json";
  private static final String SHARD = "model-%05d-of-%05d.safetensors";

  private static final ObjectMapper JSON =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  private HuggingFaceFolder() {}

  /**
   * Reads {@code config.json}.
   *
   * @param notes takes a line for every key that is of another family and not applied
   * @throws dev.filigree.config.ConfigException for a bad value, or a key that may change what the
   *     network computes and is not understood
   */
  public static ModelConfig readConfig(Path folder, List<String> notes) {
    return Models.fromHuggingFace(ConfigReader.read(folder.resolve(CONFIG)).asMap(), notes);
  }

  /**
   * Reads a network.
   *
   * @param notes takes a line for everything in the folder that was not used
   * @throws dev.filigree.config.ConfigException for a bad {@code config.json}
   * @throws SafetensorsException for bad tensor files, tensors that are missing or of another shape
   *     than the configuration says, that are no weights of floating point, or that the network
   *     does not have
   */
  public static Model read(Path folder, List<String> notes) {
    ModelConfig config = readConfig(folder, notes);
    // What the configuration claims is held against the files before memory is taken for it.
    try (var weights = HuggingFaceWeights.open(folder, config, notes)) {
      Model model = config.allocate();
      weights.forEach(copyInto(model.tensors()));
      return model;
    }
  }

  /**
   * Fills the tensors of a network from the folder's, converted to their own type.
   *
   * @param parameters what {@link Model#tensors} gives, on any device
   */
  public static void readTensors(
      Path folder, ModelConfig config, Map<String, Tensor> parameters, List<String> notes) {
    try (var weights = HuggingFaceWeights.open(folder, config, notes)) {
      weights.forEach(copyInto(parameters));
    }
  }

  private static BiConsumer<String, Tensor> copyInto(Map<String, Tensor> parameters) {
    return (name, tensor) -> {
      Tensor parameter = parameters.get(name);
      if (parameter == null) {
        throw new IllegalArgumentException("no parameter '" + name + "' to read into");
      }
      parameter.copy_(tensor);
    };
  }

  /**
   * Writes a network as one tensor file.
   *
   * @param parameters what {@link Model#tensors} gives; dense, with zeros where a weight is pruned
   * @param type the element type of the tensors written: F32, BF16 or F16
   */
  public static void write(
      Path folder, ModelConfig config, Map<String, Tensor> parameters, ElementType type) {
    write(folder, config, parameters::get, type, Long.MAX_VALUE);
  }

  /**
   * Writes a network as one tensor file, whose tensors are made one after the other.
   *
   * @param parameters gives each dense parameter by name, null for none; called any number of times
   * @param type the element type of the tensors written: F32, BF16 or F16
   */
  public static void write(
      Path folder,
      ModelConfig config,
      Function<String, @Nullable Tensor> parameters,
      ElementType type) {
    write(folder, config, parameters, type, Long.MAX_VALUE);
  }

  /**
   * Writes a network, in several tensor files where one would grow past {@code maxFileBytes}. Where
   * weights are pruned, {@code config.json} says under {@code sparsity} which fraction of each
   * tensor is zero.
   */
  public static void write(
      Path folder,
      ModelConfig config,
      Map<String, Tensor> parameters,
      ElementType type,
      long maxFileBytes) {
    write(folder, config, parameters::get, type, maxFileBytes);
  }

  private static void write(
      Path folder,
      ModelConfig config,
      Function<String, @Nullable Tensor> parameters,
      ElementType type,
      long maxFileBytes) {
    List<TensorSource> sources = sources(config, parameters, type);
    try {
      Files.createDirectories(folder);
      List<List<TensorSource>> files = split(sources, maxFileBytes);
      // A folder has one or the other, so that no reader takes what an earlier export left.
      if (files.size() == 1) {
        SafetensorsWriter.write(folder.resolve(SINGLE), files.getFirst(), Map.of("format", "pt"));
        Files.deleteIfExists(folder.resolve(INDEX));
        deleteShards(folder, 0);
      } else {
        writeShards(folder, files);
        Files.deleteIfExists(folder.resolve(SINGLE));
        deleteShards(folder, files.size());
      }
      writeConfig(folder, config, type, zeros(config, parameters));
    } catch (IOException e) {
      throw new SafetensorsException(folder + ": cannot be written: " + e.getMessage());
    }
  }

  /** Writes {@code config.json} alone, for weights that stand in files of another kind. */
  public static void writeConfig(Path folder, ModelConfig config) throws IOException {
    writeConfig(folder, config, ElementType.F32, Map.of());
  }

  private static void writeConfig(
      Path folder, ModelConfig config, ElementType type, Map<String, Object> sparsity)
      throws IOException {
    var json = new LinkedHashMap<String, @Nullable Object>(config.toHuggingFace());
    json.put("dtype", dtype(type));
    json.put("torch_dtype", dtype(type)); // its name before version 4.56 of transformers
    if (!sparsity.isEmpty()) {
      json.put("sparsity", sparsity);
    }
    JSON.writeValue(folder.resolve(CONFIG).toFile(), json);
  }

  /** Says in {@code config.json} which tokens end a text, where it does not say it yet. */
  public static void addEndTokens(Path folder, Collection<Integer> ids) throws IOException {
    Path file = folder.resolve(CONFIG);
    if (JSON.readTree(file.toFile()) instanceof ObjectNode config
        && !config.hasNonNull(END_TOKENS)) {
      var values = new LinkedHashMap<String, Object>();
      HuggingFaceKeys.putTokens(values, END_TOKENS, ids.stream().map(Long::valueOf).toList());
      config.setAll((ObjectNode) JSON.valueToTree(values));
      JSON.writeValue(file.toFile(), config);
    }
  }

  /** The tensors of a checkpoint, each made when it is written. */
  private static List<TensorSource> sources(
      ModelConfig config, Function<String, @Nullable Tensor> parameters, ElementType type) {
    var sources = new ArrayList<TensorSource>();
    for (HuggingFaceTensor tensor : config.huggingFaceTensors()) {
      sources.add(
          new TensorSource(
              tensor.name(),
              type,
              tensor.shape(),
              () -> packed(tensor, parameters).to(type.scalarType())));
      if (tensor.name().endsWith(AVERAGE)) {
        // Nothing is computed with it, but others expect it beside the running averages.
        sources.add(
            new TensorSource(
                tensor.name().replace(AVERAGE, ".num_batches_tracked"),
                ElementType.I64,
                List.of(),
                () -> torch.zeros(new long[0], new TensorOptions(ScalarType.Long))));
      }
    }
    return sources;
  }

  private static Tensor packed(
      HuggingFaceTensor tensor, Function<String, @Nullable Tensor> parameters) {
    var parts = new ArrayList<Tensor>();
    for (String name : tensor.parameters()) {
      Tensor parameter = parameters.apply(name);
      if (parameter == null) {
        throw new IllegalArgumentException("no parameter '" + name + "' to write");
      }
      parts.add(parameter.detach());
    }
    return tensor.layout().pack(parts);
  }

  private static List<List<TensorSource>> split(List<TensorSource> sources, long maxFileBytes) {
    var files = new ArrayList<List<TensorSource>>();
    long bytes = Long.MAX_VALUE;
    for (TensorSource source : sources) {
      if (bytes > maxFileBytes - source.bytes()) {
        files.add(new ArrayList<>());
        bytes = 0;
      }
      files.getLast().add(source);
      bytes += source.bytes();
    }
    return files;
  }

  private static void writeShards(Path folder, List<List<TensorSource>> files) throws IOException {
    var places = new LinkedHashMap<String, String>();
    long bytes = 0;
    for (int i = 0; i < files.size(); i++) {
      String name = SHARD.formatted(i + 1, files.size());
      SafetensorsWriter.write(folder.resolve(name), files.get(i), Map.of("format", "pt"));
      for (TensorSource source : files.get(i)) {
        places.put(source.name(), name);
        bytes += source.bytes();
      }
    }
    JSON.writeValue(
        folder.resolve(INDEX).toFile(),
        Map.of("metadata", Map.of("total_size", bytes), "weight_map", places));
  }

  /** Deletes the shards of an earlier export into another number of files. */
  private static void deleteShards(Path folder, int count) throws IOException {
    String ours = SHARD.formatted(1, count).substring("model-00001".length());
    try (var stale = Files.newDirectoryStream(folder, "model-*-of-*.safetensors")) {
      for (Path shard : stale) {
        if (!shard.toString().endsWith(ours)) {
          Files.delete(shard);
        }
      }
    }
  }

  /** The fraction of zeros of every matrix that has some, and of all these together. */
  private static Map<String, Object> zeros(
      ModelConfig config, Function<String, @Nullable Tensor> parameters) {
    var fractions = new LinkedHashMap<String, Object>();
    long zeros = 0;
    long elements = 0;
    for (HuggingFaceTensor tensor : config.huggingFaceTensors()) {
      if (tensor.shape().size() < 2) {
        continue;
      }
      try (var _ = new PointerScope();
          var _ = new NoGradGuard()) {
        Tensor packed = packed(tensor, parameters);
        long size = packed.numel();
        long zero = size - packed.count_nonzero().item_long();
        if (zero > 0) {
          fractions.put(tensor.name(), (double) zero / size);
          zeros += zero;
          elements += size;
        }
      }
    }
    return elements == 0
        ? Map.of()
        : Map.of("overall", (double) zeros / elements, "tensors", fractions);
  }

  private static String dtype(ElementType type) {
    return switch (type) {
      case F32 -> "float32";
      case BF16 -> "bfloat16";
      case F16 -> "float16";
      default ->
          throw new IllegalArgumentException(
              "a network is written as F32, BF16 or F16, not " + type);
    };
  }
}
