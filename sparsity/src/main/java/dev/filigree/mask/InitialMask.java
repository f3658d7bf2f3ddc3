package dev.filigree.mask;

import dev.filigree.torch.Tensors;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

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
   * @param existing the weights that exist already, bool of the weight's shape and on its device:
   *     those of the checkpoint that a run starts from; null where there is none
   */
  record Request(
      String name,
      Tensor weight,
      double sparsity,
      SelectionGroups grouping,
      TieBreak ties,
      long seed,
      @Nullable Tensor existing) {
    /**
     * @throws IllegalArgumentException for a sparsity outside [0, 1]
     */
    public Request {
      Counting.kept(0, sparsity); // throws for a sparsity outside [0, 1]
    }

    /** A request where nothing is known to exist. */
    public Request(
        String name,
        Tensor weight,
        double sparsity,
        SelectionGroups grouping,
        TieBreak ties,
        long seed) {
      this(name, weight, sparsity, grouping, ties, seed, null);
    }

    /** A request over the whole parameter, where the lower index wins ties. */
    public static Request of(String name, Tensor weight, double sparsity, long seed) {
      SelectionGroups flat = ScoreShaper.flat().group(name, Tensors.shape(weight));
      return new Request(name, weight, sparsity, flat, TieBreak.lowerIndex(), seed);
    }

    /** A random score in [0, 1) for each weight: the same for the same seed and name. */
    Tensor randomScores() {
      return RandomScores.of(seed, name, RandomScores.BEFORE_TRAINING)
          .tensor(weight.device(), Tensors.shape(weight));
    }

    /**
     * The best weights by a score that is not negative. What exists already comes before what does
     * not, and of the latter random weights: a sparser mask is a part of the earlier one, a denser
     * one holds all of it.
     */
    Tensor best(Tensor scores) {
      Tensor ranked =
          existing == null
              ? scores
              : torch.where(existing, scores, randomScores().sub(new Scalar(1.0)));
      return Masks.topK(ranked, sparsity, grouping, ties);
    }
  }

  /**
   * Random weights exist, exactly as many of each group as the sparsity keeps: weights that exist
   * already before others.
   */
  static InitialMask random() {
    return request -> Tensors.scoped(() -> request.best(request.randomScores()));
  }

  /** The weights of largest magnitude exist: weights that exist already before others. */
  static InitialMask topK() {
    return request ->
        Tensors.scoped(() -> request.best(request.weight().abs().to(torch.ScalarType.Float)));
  }

  /**
   * Weights that are zero stay zero, all others exist: for a model that was pruned before. The
   * requested sparsity and groups play no part.
   */
  static InitialMask fromZeros() {
    return request -> Tensors.scoped(() -> request.weight().ne(new Scalar(0)));
  }

  /**
   * A regular pattern: existing weights at even distances along each row, every row shifted against
   * the one before. Its sparsity is close to the requested one, not exact; groups play no part.
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
