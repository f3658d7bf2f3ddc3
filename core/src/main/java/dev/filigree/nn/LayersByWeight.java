package dev.filigree.nn;

import dev.filigree.torch.Tensors;
import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.pytorch.Tensor;

/**
 * The layers of this program by their weights. Walking through a plain {@code Module} yields no
 * layers, because libtorch's modules lose the Java type of their children, but it does yield their
 * parameters. Layers are held weakly.
 */
final class LayersByWeight {
  private static final Map<Long, Entry> BY_WEIGHT = new HashMap<>();
  private static final ReferenceQueue<WeightedLayer> GONE = new ReferenceQueue<>();

  private LayersByWeight() {}

  private static final class Entry extends WeakReference<WeightedLayer> {
    private final long weight;

    Entry(WeightedLayer layer, long weight) {
      super(layer, GONE);
      this.weight = weight;
    }
  }

  static void add(WeightedLayer layer, Tensor weight) {
    synchronized (BY_WEIGHT) {
      for (var gone = GONE.poll(); gone != null; gone = GONE.poll()) {
        var entry = (Entry) gone;
        BY_WEIGHT.remove(entry.weight, entry);
      }
      long identity = Tensors.identity(weight);
      BY_WEIGHT.put(identity, new Entry(layer, identity));
    }
  }

  static Optional<WeightedLayer> of(Tensor weight) {
    synchronized (BY_WEIGHT) {
      long identity = Tensors.identity(weight);
      return Optional.ofNullable(BY_WEIGHT.get(identity))
          .map(WeakReference::get)
          // The identity of a freed tensor may be reused by another.
          .filter(layer -> !layer.weight().isNull())
          .filter(layer -> Tensors.identity(layer.weight()) == identity);
    }
  }
}
