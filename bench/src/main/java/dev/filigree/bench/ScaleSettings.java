package dev.filigree.bench;

import dev.filigree.zoo.config.ParallelConfig.Wire;
import dev.filigree.zoo.model.LlamaConfig;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * What {@code bench scale} measures.
 *
 * @param cuda whether each worker has a GPU; else they share the processors out
 * @param workers how many train together, one number after another
 * @param model a network for GPUs by its name; empty for one of the sizes that follow
 * @param width hidden size of a small Llama
 * @param layers of it
 * @param vocabulary of it
 * @param execution {@code dense}, {@code masked} or {@code compressed}
 * @param sparsity of the decoder layers' weights, a fraction
 * @param batch sequences a step on each worker
 * @param sequence tokens of each
 * @param wire the type that gradients are sent in
 * @param rounds how many steps are timed
 */
record ScaleSettings(
    boolean cuda,
    List<Integer> workers,
    String model,
    long width,
    long layers,
    long vocabulary,
    String execution,
    double sparsity,
    long batch,
    long sequence,
    Wire wire,
    int rounds) {
  private static final Set<String> KEYS =
      Set.of(
          "device",
          "workers",
          "model",
          "width",
          "layers",
          "vocabulary",
          "execution",
          "sparsity",
          "batch",
          "sequence",
          "wire",
          "rounds");
  private static final Set<String> EXECUTIONS = Set.of("dense", "masked", "compressed");

  ScaleSettings {
    workers = List.copyOf(workers);
    if (workers.isEmpty() || workers.stream().anyMatch(each -> each < 1)) {
      throw new IllegalArgumentException("workers must be at least 1, found " + workers);
    }
    if (!EXECUTIONS.contains(execution)) {
      throw new IllegalArgumentException(
          "execution must be dense, masked or compressed, found " + execution);
    }
    if (!(sparsity >= 0 && sparsity < 1)) {
      throw new IllegalArgumentException("sparsity must be in [0, 1), found " + sparsity);
    }
    if (batch < 1 || sequence < 1 || rounds < 1) {
      throw new IllegalArgumentException("batch, sequence and rounds must be at least 1");
    }
  }

  /**
   * Reads settings.
   *
   * @throws IllegalArgumentException for an unknown key or a bad value
   */
  static ScaleSettings parse(List<String> arguments) {
    Map<String, String> values = Settings.parse(arguments, KEYS);
    boolean cuda = values.getOrDefault("device", "cpu").equals("cuda");
    try {
      return new ScaleSettings(
          cuda,
          Arrays.stream(values.getOrDefault("workers", "1,2").split(",", -1))
              .map(Integer::valueOf)
              .toList(),
          values.getOrDefault("model", cuda ? "llama-1.3b" : ""),
          Long.parseLong(values.getOrDefault("width", "512")),
          Long.parseLong(values.getOrDefault("layers", "4")),
          Long.parseLong(values.getOrDefault("vocabulary", "4096")),
          values.getOrDefault("execution", "compressed"),
          Double.parseDouble(values.getOrDefault("sparsity", "0.8")),
          Long.parseLong(values.getOrDefault("batch", "8")),
          Long.parseLong(values.getOrDefault("sequence", cuda ? "2048" : "128")),
          wire(values.getOrDefault("wire", "float32")),
          Integer.parseInt(values.getOrDefault("rounds", "10")));
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException("not a number: " + e.getMessage(), e);
    }
  }

  private static Wire wire(String name) {
    return Arrays.stream(Wire.values())
        .filter(each -> each.name().toLowerCase(Locale.ROOT).equals(name))
        .findFirst()
        .orElseThrow(
            () -> new IllegalArgumentException("wire must be float32 or bfloat16, found " + name));
  }

  /** These settings as arguments that {@link #parse} reads. */
  List<String> arguments() {
    return List.of(
        "device=" + (cuda ? "cuda" : "cpu"),
        "model=" + model,
        "width=" + width,
        "layers=" + layers,
        "vocabulary=" + vocabulary,
        "execution=" + execution,
        "sparsity=" + sparsity,
        "batch=" + batch,
        "sequence=" + sequence,
        "wire=" + wire.name().toLowerCase(Locale.ROOT),
        "rounds=" + rounds);
  }

  LlamaConfig config() {
    return model.isEmpty()
        ? new StepWorkload(width, layers, vocabulary, batch * sequence, sequence).model()
        : GpuModel.of(model).config(sequence);
  }

  long vocabularySize() {
    return model.isEmpty() ? vocabulary : GpuModel.of(model).vocabulary();
  }

  /** The network in words. */
  String label() {
    return model.isEmpty() ? "llama-d%d-l%d".formatted(width, layers) : model;
  }
}
