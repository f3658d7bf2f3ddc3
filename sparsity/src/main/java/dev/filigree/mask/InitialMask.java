package dev.filigree.mask;

import dev.filigree.torch.Tensors;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/**
 * The mask that a parameter starts with. Any function is one; the built-in ones and those
 * registered with {@link InitialMasks} have names in configuration files.
 */
@FunctionalInterface
public interface InitialMask {
  /** The first mask: bool, of the weight's shape, on its device, true where the weight exists. */
  Tensor create(Request request);

  /**
   * What an initial mask is made from.
   *
   * @param name the parameter's full name
   * @param weight its initial value; not to be changed
   * @param sparsity fraction of zeros, in [0, 1]
   * @param grouping which of its weights compete
   * @param ties which of equal scores wins
   * @param seed the run's seed
   */
  record Request(
      String name, Tensor weight, double sparsity, Grouping grouping, TieBreak ties, long seed) {
    public Request {
      Counting.kept(0, sparsity); // throws for a sparsity outside [0, 1]
    }

    /** A request over the whole parameter, where the lower index wins ties. */
    public static Request of(String name, Tensor weight, double sparsity, long seed) {
      Grouping flat = ScoreShaper.flat().group(name, Tensors.shape(weight));
      return new Request(name, weight, sparsity, flat, TieBreak.lowerIndex(), seed);
    }
  }

  /** Random weights exist, exactly as many of each group as the sparsity keeps. */
  static InitialMask random() {
    return request ->
        Tensors.scoped(
            () -> {
              Tensor weight = request.weight();
              Tensor scores =
                  RandomScores.of(request.seed(), request.name(), RandomScores.BEFORE_TRAINING)
                      .tensor(weight.device(), Tensors.shape(weight));
              return Masks.topK(scores, request.sparsity(), request.grouping(), request.ties());
            });
  }

  /** The weights of largest magnitude exist. */
  static InitialMask topK() {
    return request ->
        Tensors.scoped(
            () ->
                Masks.topK(
                    request.weight().abs(),
                    request.sparsity(),
                    request.grouping(),
                    request.ties()));
  }

  /**
   * Weights that are zero stay zero, all others exist: for a model that was pruned before. The
   * sparsity and the groups asked for play no part.
   */
  static InitialMask fromZeros() {
    return request -> Tensors.scoped(() -> request.weight().ne(new Scalar(0)));
  }

  /**
   * A regular pattern: existing weights at even distances along each row, every row shifted against
   * the one before. Its sparsity is close to the one asked for, not exact; groups play no part.
   *
   * @see Checkerboard
   */
  static InitialMask checkerboard() {
    return request -> {
      if (request.grouping().pooled()) {
        throw new IllegalArgumentException(
            request.name()
                + ": a checkerboard does not keep or drop whole blocks, rows or columns");
      }
      return Checkerboard.mask(request.weight(), request.sparsity());
    };
  }
}
