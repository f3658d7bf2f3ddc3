package dev.filigree.mask;

import dev.filigree.torch.Tensors;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;

/**
 * Spreads one sparsity over the parameters of a model. A distribution of one's own is one function.
 */
@FunctionalInterface
public interface Distribution {
  /**
   * What every parameter keeps.
   *
   * @param parameters in the order of the model
   * @param sparsity of all of them together: fraction of zeros, in [0, 1]
   * @return a share for each parameter, in the same order
   */
  List<Share> shares(List<? extends Parameter> parameters, double sparsity);

  /** A parameter to be made sparse. */
  interface Parameter {
    /** The full name. */
    String name();

    /** [out, in] or [out, in, ...]. */
    long[] shape();

    /** What weights compete by across parameters, floating, of this shape: as a rule |w|. */
    Tensor scores();

    /** A parameter whose weights compete by magnitude. */
    static Parameter of(String name, Tensor weight) {
      return new Parameter() {
        @Override
        public String name() {
          return name;
        }

        @Override
        public long[] shape() {
          return Tensors.shape(weight);
        }

        @Override
        public Tensor scores() {
          return Tensors.scoped(weight::abs);
        }
      };
    }
  }

  /**
   * What one parameter keeps.
   *
   * @param name the parameter
   * @param sparsity its fraction of zeros, in [0, 1]
   * @param kept its exact number of weights, where all of it competes
   */
  record Share(String name, double sparsity, long kept) {
    /** A share by its sparsity; the number of weights follows. */
    static Share of(Parameter parameter, double sparsity) {
      long size = Shapes.size(parameter.shape());
      return new Share(parameter.name(), sparsity, Counting.kept(size, sparsity));
    }
  }

  /** The same sparsity for every parameter. */
  static Distribution uniform() {
    return (parameters, sparsity) ->
        parameters.stream().map(parameter -> Share.of(parameter, sparsity)).toList();
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
   * index.
   */
  static Distribution global() {
    return new GlobalCompetition();
  }

  /**
   * A sparsity for each pattern of names; the first pattern that matches counts, and a parameter
   * that none matches takes the sparsity of the whole. In a pattern, {@code *} stands for any
   * characters and {@code ?} for one; the pattern matches a whole name.
   *
   * @throws IllegalArgumentException when a sparsity is outside [0, 1]; later also when a pattern
   *     matches no parameter
   */
  static Distribution byName(Map<String, Double> sparsities) {
    return new ByName(sparsities);
  }
}
