package dev.filigree.mask;

import dev.filigree.torch.Tensors;
import java.util.Arrays;
import java.util.List;
import java.util.SequencedMap;
import java.util.function.Supplier;
import org.bytedeco.pytorch.Tensor;

/** Spreads one sparsity over parameters. A distribution of one's own is one function. */
@FunctionalInterface
public interface Distribution {
  /**
   * The sparsity of every parameter.
   *
   * @param sparsity of all of them together: fraction of zeros, in [0, 1]
   * @param parameters in the order of the model
   * @return fractions of zeros in [0, 1], in the order of the parameters
   */
  double[] spread(double sparsity, List<? extends Parameter> parameters);

  /** Whether the outcome depends on {@link Parameter#scores}, and not on shapes alone. */
  default boolean needsScores() {
    return false;
  }

  /** A parameter to be made sparse. */
  interface Parameter {
    /** The full name. */
    String name();

    /** [out, in] or [out, in, ...]. */
    long[] shape();

    /** What weights compete by across parameters, floating, of this shape: as a rule |w|. */
    Tensor scores();

    /** A parameter whose scores are computed on demand. */
    static Parameter of(String name, long[] shape, Supplier<Tensor> scores) {
      return new ShapedParameter(name, shape, scores);
    }

    /** A parameter whose weights compete by magnitude. */
    static Parameter of(String name, Tensor weight) {
      return of(name, Tensors.shape(weight), () -> Tensors.scoped(weight::abs));
    }

    /**
     * A parameter that is not there yet; asking for its scores is an {@link IllegalStateException}.
     */
    static Parameter of(String name, long... shape) {
      return of(
          name,
          shape,
          () -> {
            throw new IllegalStateException(name + " has a shape but no weights to score yet");
          });
    }
  }

  /** The same sparsity for every parameter. */
  static Distribution uniform() {
    return (sparsity, parameters) -> {
      var spread = new double[parameters.size()];
      Arrays.fill(spread, sparsity);
      return spread;
    };
  }

  /**
   * Erdős–Rényi (Mocanu et al. 2018): density in proportion to (in + out)/(in·out), so that small
   * layers stay denser. A convolution's kernel plays no part.
   */
  static Distribution er() {
    return new ErdosRenyi(false);
  }

  /**
   * Erdős–Rényi kernel (Evci et al. 2020): density in proportion to the sum of all dimensions over
   * their product.
   */
  static Distribution erk() {
    return new ErdosRenyi(true);
  }

  /**
   * All weights of all parameters compete: those with the largest scores exist, exactly as many as
   * the sparsity keeps of the whole. Among equal scores the earlier parameter wins, then the lower
   * index. Each parameter's sparsity is such that {@link Counting#kept} gives its exact number.
   */
  static Distribution global() {
    return new GlobalCompetition();
  }

  /**
   * A sparsity for each pattern of names ({@link dev.filigree.config.Glob}), in an order, as of a
   * {@link java.util.LinkedHashMap}: the first pattern that matches counts, and a parameter that
   * none matches takes the sparsity of the whole.
   *
   * @throws IllegalArgumentException when a sparsity is outside [0, 1]; later also when a pattern
   *     matches no parameter
   */
  static Distribution byName(SequencedMap<String, Double> sparsities) {
    return new ByName(sparsities);
  }
}
