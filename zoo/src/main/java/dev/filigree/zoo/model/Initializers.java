package dev.filigree.zoo.model;

import dev.filigree.nn.Initializer;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How the weights of a transformer start. Biases start at zero and normalization weights at one.
 *
 * @param embedding word and position embeddings
 * @param attention query, key and value projections
 * @param attentionOutput the projection that ends the attention block
 * @param feedForward the projections that begin the feed-forward block
 * @param feedForwardOutput the projection that ends it
 * @param head an output head of its own
 */
public record Initializers(
    Initializer embedding,
    Initializer attention,
    Initializer attentionOutput,
    Initializer feedForward,
    Initializer feedForwardOutput,
    Initializer head) {
  static final Initializer ZERO = new Initializer.Constant(0);
  static final Initializer ONE = new Initializer.Constant(1);

  /** Uniform within ±1/√fanIn. */
  static Initializer fanIn(long fanIn) {
    double bound = 1 / Math.sqrt((double) fanIn);
    return new Initializer.Uniform(-bound, bound);
  }

  /** The same normal distribution around zero for every weight. */
  public static Initializers normal(double std) {
    var normal = new Initializer.Normal(0, std);
    return new Initializers(normal, normal, normal, normal, normal, normal);
  }

  /**
   * A normal distribution around zero, narrower by √(2·layers) for the projections that write to
   * the residual stream (Radford et al. 2019, section 2.3).
   */
  public static Initializers depthScaled(double std, long layers) {
    var normal = new Initializer.Normal(0, std);
    var output = normal.scaled(1 / Math.sqrt(2.0 * Math.max(1, layers)));
    return new Initializers(normal, normal, output, normal, output, normal);
  }

  /** Adds {@code initializer_range} to a {@code config.json}, where one number says what it can. */
  void put(Map<String, @Nullable Object> config) {
    if (attention instanceof Initializer.Normal normal) {
      config.put("initializer_range", normal.std());
    }
  }
}
