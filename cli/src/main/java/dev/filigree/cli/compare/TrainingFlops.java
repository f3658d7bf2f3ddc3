package dev.filigree.cli.compare;

import dev.filigree.sparsity.SparsityConfig;
import dev.filigree.zoo.config.RunConfig;
import dev.filigree.zoo.model.ParameterSpec;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Operations of training, counted by the weights that exist: for each 2 in the forward pass and 4
 * in the backward pass, as Evci et al. 2020 count (appendix H), and for a decoder those of causal
 * attention. What masked execution really computes is more; what gathers evidence is left out.
 */
final class TrainingFlops {
  private static final int OF_A_WEIGHT = 6;
  private static final int SAMPLES = 48;

  private TrainingFlops() {}

  /**
   * The mean over a run, of a position (a token, a picture); NaN for convolutions, whose weights
   * are used as often as their picture has places.
   */
  static double perPosition(RunConfig config) {
    List<ParameterSpec> matrices =
        config.model().config().parameters().stream()
            .filter(spec -> spec.shape().size() > 1)
            .toList();
    if (matrices.stream().anyMatch(spec -> spec.shape().size() > 2)) {
      return Double.NaN;
    }
    Map<String, Object> model = ConfigBlocks.init(config, "model");
    boolean tied = Boolean.TRUE.equals(model.get("share_embedding_weights"));
    double weights =
        matrices.stream()
            .filter(spec -> tied ? !isPosition(spec.name()) : !isEmbedding(spec.name()))
            .mapToDouble(ParameterSpec::size)
            .sum();
    double attention =
        number(model, "num_hidden_layers")
            * number(model, "hidden_size")
            * number(model, "max_position_embeddings");
    Integer length = config.trainData().maxSequenceLength();
    if (length != null) {
      attention *= length / Math.max(1, number(model, "max_position_embeddings"));
    }
    return OF_A_WEIGHT * (weights - missing(config, matrices) + attention);
  }

  private static boolean isEmbedding(String name) {
    return name.contains("embed_tokens")
        || name.contains("embed_in")
        || name.contains("wte")
        || isPosition(name);
  }

  private static boolean isPosition(String name) {
    return name.contains("wpe");
  }

  private static double number(Map<String, Object> model, String key) {
    return model.get(key) instanceof Number number ? number.doubleValue() : 0;
  }

  /** Weights that do not exist, the mean over the run. */
  private static double missing(RunConfig config, List<ParameterSpec> matrices) {
    if (config.sparsity().isEmpty()) {
      return 0;
    }
    var shapes = new LinkedHashMap<String, long[]>();
    var names = new LinkedHashMap<String, List<String>>();
    for (ParameterSpec spec : config.model().config().parameters()) {
      shapes.put(spec.name(), spec.shape().stream().mapToLong(Long::longValue).toArray());
      names.put(spec.name(), List.of(spec.modelZooName()));
    }
    Map<String, Long> sizes = new LinkedHashMap<>();
    matrices.forEach(spec -> sizes.put(spec.name(), spec.size()));
    long steps = config.loop().lastStep();
    double missing = 0;
    for (int i = 0; i < SAMPLES; i++) {
      long step = Math.round((i + 0.5) * steps / SAMPLES);
      for (SparsityConfig.Planned planned :
          config.sparsity().get().plan(shapes, names, Math.max(1, step))) {
        missing +=
            sizes.getOrDefault(planned.name(), planned.finallyKept()) - planned.finallyKept();
      }
    }
    return missing / SAMPLES;
  }
}
