package dev.filigree.cli.compare;

import dev.filigree.config.ConfigException;
import dev.filigree.zoo.config.RunConfig;
import dev.filigree.zoo.config.RunPlan;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A dense network with as many weights as a sparse one keeps, embeddings included: as many layers,
 * a width smaller by the square root of the density, heads of about the same size, and a hidden
 * layer of the size that makes the numbers equal.
 */
final class SmallDense {
  private static final int WIDTH_STEP = 16;

  private SmallDense() {}

  /**
   * The changes that make it of a configuration.
   *
   * @param kept weights that it shall have
   * @throws ConfigException for a network without these sizes
   */
  static List<String> overrides(BaseConfig base, long kept) {
    RunConfig whole = base.read(List.of("sparsity=none"));
    Map<String, Object> model = ConfigBlocks.init(whole, "model");
    long width = size(model, "hidden_size");
    long heads = size(model, "num_heads");
    double scale = Math.sqrt((double) kept / RunPlan.of(whole).parameters());
    @Nullable List<String> best = null;
    double leastChange = Double.POSITIVE_INFINITY;
    double ratio = (double) size(model, "filter_size") / width;
    for (long small = WIDTH_STEP; small <= width; small += WIDTH_STEP) {
      long fewer = Math.max(1, Math.round((double) small * heads / width));
      if (small % (2 * fewer) != 0) {
        continue;
      }
      long filter = filter(base, small, fewer, kept);
      double change =
          Math.abs(Math.log(small / (width * scale)))
              + Math.abs(Math.log(filter / (small * ratio)));
      if (filter > 0 && change < leastChange) {
        leastChange = change;
        best = sizes(small, fewer, filter);
      }
    }
    if (best == null) {
      throw new ConfigException(
          "small_dense: no width gives %,d weights; give the sizes yourself: {method: dense, set: {model.hidden_size: ...}}"
              .formatted(kept));
    }
    return best;
  }

  /** The size of the hidden layer by which the weights are as many; they grow in proportion. */
  private static long filter(BaseConfig base, long width, long heads, long kept) {
    long least = parameters(base, sizes(width, heads, 1));
    long each = parameters(base, sizes(width, heads, 2)) - least;
    return 1 + Math.round((double) (kept - least) / each);
  }

  private static long parameters(BaseConfig base, List<String> sizes) {
    var overrides = new ArrayList<>(sizes);
    overrides.add("sparsity=none");
    return RunPlan.of(base.read(overrides)).parameters();
  }

  private static List<String> sizes(long width, long heads, long filter) {
    return List.of(
        "model.hidden_size=" + width, "model.num_heads=" + heads, "model.filter_size=" + filter);
  }

  private static long size(Map<String, Object> model, String key) {
    if (model.get(key) instanceof Number number) {
      return number.longValue();
    }
    throw new ConfigException(
        "small_dense: the model has no %s; give the sizes yourself: {method: dense, set: {model....}}"
            .formatted(Objects.requireNonNull(key)));
  }
}
