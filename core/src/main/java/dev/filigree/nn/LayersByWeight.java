package dev.filigree.nn;

import dev.filigree.torch.Tensors;
import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.pytorch.Tensor;

/**
 * The layers of this program by their weights. Modules of libtorch lose the Java type of what they
 * hold, so that no walk through a plain {@code Module} finds a layer; its parameters do. No layer
 * is kept alive by it.
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
          // The number of a tensor that is gone may be given to another.
          .filter(layer -> !layer.weight().isNull())
          .filter(layer -> Tensors.identity(layer.weight()) == identity);
    }
  }
}
