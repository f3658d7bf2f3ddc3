package dev.filigree.bench;

import dev.filigree.zoo.config.ParallelConfig.Wire;
import dev.filigree.zoo.model.LlamaConfig;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * What {@code bench scale} measures with one number of workers after the other.
 *
 * @param cuda whether each worker has a GPU; else they share the processors out
 * @param model a network for GPUs by its name; empty for one of the sizes that follow
 * @param width hidden size of a small Llama
 * @param layers of it
 * @param vocabulary of it
 * @param execution {@code dense}, {@code masked} or {@code compressed}
 * @param sparsity of the decoder layers' weights, a fraction; 0 for a dense model
 * @param batch sequences a step on each worker
 * @param sequence tokens of each
 * @param wire the type that gradients are sent in
 * @param overlap whether gradients are sent while the backward pass runs; else after it
 * @param shared whether the optimizer's state is shared out over the workers
 * @param checkpointing whether activations are computed again in the backward pass
 * @param rounds how many steps are timed
 */
record ScaleCase(
    boolean cuda,
    String model,
    long width,
    long layers,
    long vocabulary,
    String execution,
    double sparsity,
    long batch,
    long sequence,
    Wire wire,
    boolean overlap,
    boolean shared,
    boolean checkpointing,
    int rounds) {
  static final String DENSE = "dense";

  static final Set<String> KEYS =
      Set.of(
          "device",
          "model",
          "width",
          "layers",
          "vocabulary",
          "execution",
          "sparsity",
          "batch",
          "sequence",
          "wire",
          "overlap",
          "shard_optimizer_state",
          "checkpointing",
          "rounds");

  private static final Set<String> EXECUTIONS = Set.of(DENSE, "masked", "compressed");

  ScaleCase {
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
   * One case of settings that name one value each.
   *
   * @throws IllegalArgumentException for a value that is none
   */
  static ScaleCase of(Map<String, String> values) {
    boolean cuda = values.getOrDefault("device", "cpu").equals("cuda");
    String execution = values.getOrDefault("execution", "compressed");
    try {
      return new ScaleCase(
          cuda,
          values.getOrDefault("model", cuda ? "llama-1.3b" : ""),
          Long.parseLong(values.getOrDefault("width", "512")),
          Long.parseLong(values.getOrDefault("layers", "4")),
          Long.parseLong(values.getOrDefault("vocabulary", "4096")),
          execution,
          execution.equals(DENSE) ? 0 : Double.parseDouble(values.getOrDefault("sparsity", "0.8")),
          Long.parseLong(values.getOrDefault("batch", "8")),
          Long.parseLong(values.getOrDefault("sequence", cuda ? "2048" : "128")),
          wire(values.getOrDefault("wire", "float32")),
          Settings.flag(values, "overlap", true),
          Settings.flag(values, "shard_optimizer_state", false),
          Settings.flag(values, "checkpointing", false),
          Integer.parseInt(values.getOrDefault("rounds", "10")));
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException("not a number: " + e.getMessage(), e);
    }
  }

  private static Wire wire(String name) {
    for (Wire wire : Wire.values()) {
      if (wire.name().toLowerCase(Locale.ROOT).equals(name)) {
        return wire;
      }
    }
    throw new IllegalArgumentException("wire must be float32 or bfloat16, found " + name);
  }

  String wireName() {
    return wire.name().toLowerCase(Locale.ROOT);
  }

  /** As arguments that {@link #of} reads. */
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
        "wire=" + wireName(),
        "overlap=" + overlap,
        "shard_optimizer_state=" + shared,
        "checkpointing=" + checkpointing,
        "rounds=" + rounds);
  }

  /** The case of a single worker, which sends nothing. */
  ScaleCase alone() {
    return new ScaleCase(
        cuda,
        model,
        width,
        layers,
        vocabulary,
        execution,
        sparsity,
        batch,
        sequence,
        Wire.FLOAT32,
        true,
        false,
        checkpointing,
        rounds);
  }

  boolean isDense() {
    return execution.equals(DENSE);
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

  @Override
  public String toString() {
    return "%s %s%s, wire=%s, overlap=%s, shard_optimizer_state=%s"
        .formatted(
            label(), execution, isDense() ? "" : " " + sparsity, wireName(), overlap, shared);
  }
}
