package dev.filigree.sparsity;

import dev.filigree.nn.Linear;
import dev.filigree.nn.WeightedLayer;
import dev.filigree.sparsity.storage.CompressedStorage;
import dev.filigree.sparsity.storage.GradientListener;
import dev.filigree.sparsity.storage.SparseProducts;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/**
 * The linear layers of a network that is only evaluated, on a CPU: of a sparse weight, trained or
 * pruned, only what is not zero stays in memory, and the layer multiplies with nothing else. A
 * product with one to eight tokens, as when a text is written, then reads a fraction of what the
 * dense one reads.
 *
 * <p>A compressed weight is a vector of the values that exist, and cannot be trained or saved.
 */
public final class SparseInference implements AutoCloseable {
  /** From which sparsity on, a fraction. A dense weight takes 4 bytes, one that is kept 6. */
  public static final double LEAST_SPARSITY = 0.6;

  /** Of a weight: the dense product of a smaller one, from the caches, is faster. */
  private static final long LEAST_ELEMENTS = 1 << 19;

  private static final GradientListener NOBODY =
      new GradientListener() {
        @Override
        public boolean wantsGradient() {
          return false;
        }

        @Override
        public void gradient(Tensor dense) {
          throw new IllegalStateException("a network that is only evaluated has no gradients");
        }
      };

  private final SparseProducts products = SparseProducts.of(new Device("cpu")).orElseThrow();
  private int layers;

  /**
   * Compresses a weight in place, where that is worth it: that of a {@link Linear} layer on the
   * CPU, float32, of half a million elements or more, of which {@link #LEAST_SPARSITY} or more are
   * zero.
   *
   * @param name the parameter's, for errors
   * @param weight [out_features, in_features]
   * @return whether it is compressed now
   */
  public boolean compress(String name, Tensor weight) {
    Optional<Linear> layer =
        WeightedLayer.of(weight)
            .filter(Linear.class::isInstance)
            .map(Linear.class::cast)
            .filter(linear -> linear.product() == null && linear.multipliesStoredWeight());
    if (layer.isEmpty()
        || weight.numel() < LEAST_ELEMENTS
        || !products.isVectorized()
        || products.obstacle(weight).isPresent()) {
      return false;
    }
    try (var _ = new PointerScope();
        var _ = new NoGradGuard()) {
      Tensor mask = weight.ne(new Scalar(0));
      if (mask.sum().item_long() > (1 - LEAST_SPARSITY) * weight.numel()) {
        return false;
      }
      var _ = new CompressedStorage(name, weight, layer.get(), products, NOBODY, mask, Map.of());
      layers++;
      return true;
    }
  }

  /** How many layers are compressed. */
  public int layers() {
    return layers;
  }

  /** Stops the threads of the products; the network must not be used any more. */
  @Override
  public void close() {
    products.close();
  }
}
