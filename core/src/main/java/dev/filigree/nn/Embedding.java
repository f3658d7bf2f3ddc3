package dev.filigree.nn;

import static org.bytedeco.pytorch.global.torch.embedding;
import static org.bytedeco.pytorch.global.torch.linear;

import org.bytedeco.pytorch.Tensor;

/** A table of vectors, one for each token or position, with a weight [entries, size]. */
public final class Embedding extends WeightedLayer {
  /**
   * A table with PyTorch's initial values: the standard normal distribution, drawn from libtorch's
   * generator ({@code torch.manual_seed}).
   */
  public Embedding(long entries, long size) {
    this(PytorchInit.normal(Allocation.empty(entries, size)));
  }

  private Embedding(Tensor weight) {
    super(weight);
  }

  /** A table of zeros, for a model that initialises or loads its parameters itself. */
  public static Embedding zeros(long entries, long size) {
    return new Embedding(Allocation.zeros(entries, size));
  }

  /**
   * Looks up the vectors of ids.
   *
   * @param ids int64 [...], each from 0 to entries - 1
   * @return [..., size]
   */
  public Tensor forward(Tensor ids) {
    return embedding(effectiveWeight(), ids);
  }

  /**
   * The scores of every entry, x·Wᵀ: the output head of a network whose input and output embeddings
   * are tied.
   *
   * @param x [..., size]
   * @return [..., entries]
   */
  public Tensor scores(Tensor x) {
    return linear(x, matrix());
  }

  /** The table that {@link #forward} reads, [entries, size]. */
  public Tensor matrix() {
    return effectiveWeight();
  }
}
