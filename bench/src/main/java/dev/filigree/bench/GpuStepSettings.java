package dev.filigree.bench;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What {@code bench step device=cuda} measures.
 *
 * @param models the networks
 * @param executions {@code dense}, {@code masked}, {@code compressed}
 * @param sparsities of the sparse ones, fractions of the decoder layers' weights
 * @param batch sequences a step
 * @param sequence tokens of each
 * @param rounds how many steps are timed
 * @param checkpointing whether activations are computed again in the backward pass
 */
record GpuStepSettings(
    List<GpuModel> models,
    List<String> executions,
    List<Double> sparsities,
    long batch,
    long sequence,
    int rounds,
    boolean checkpointing) {
  static final String DENSE = "dense";

  private static final Set<String> KEYS =
      Set.of(
          "device",
          "models",
          "executions",
          "sparsities",
          "batch",
          "sequence",
          "rounds",
          "checkpointing");
  private static final Set<String> EXECUTIONS = Set.of(DENSE, "masked", "compressed");

  GpuStepSettings {
    models = List.copyOf(models);
    executions = List.copyOf(executions);
    sparsities = List.copyOf(sparsities);
    for (String execution : executions) {
      if (!EXECUTIONS.contains(execution)) {
        throw new IllegalArgumentException(
            "executions must be dense, masked or compressed, found " + execution);
      }
    }
    for (double sparsity : sparsities) {
      if (!(sparsity >= 0 && sparsity < 1)) {
        throw new IllegalArgumentException("sparsity must be in [0, 1), found " + sparsity);
      }
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
  static GpuStepSettings parse(List<String> arguments) {
    Map<String, String> values = Settings.parse(arguments, KEYS);
    try {
      return new GpuStepSettings(
          list(values.getOrDefault("models", "llama-110m,llama-1.3b,llama-7b")).stream()
              .map(GpuModel::of)
              .toList(),
          list(values.getOrDefault("executions", "dense,masked,compressed")),
          list(values.getOrDefault("sparsities", "0.8,0.9,0.99")).stream()
              .map(Double::valueOf)
              .toList(),
          Long.parseLong(values.getOrDefault("batch", "8")),
          Long.parseLong(values.getOrDefault("sequence", "2048")),
          Integer.parseInt(values.getOrDefault("rounds", "10")),
          Settings.flag(values, "checkpointing", false));
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException("not a number: " + e.getMessage(), e);
    }
  }

  private static List<String> list(String text) {
    return Arrays.asList(text.split(",", -1));
  }

  long tokens() {
    return batch * sequence;
  }
}
