package dev.filigree.nn;

import dev.filigree.torch.Tensors;
import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.pytorch.Tensor;

/**
 * The linear layers of this program by their weights. libtorch's modules lose the Java type of what
 * they hold, so that no walk through a plain {@code Module} finds a layer; its parameters do. No
 * layer is kept alive by it.
 */
final class LinearLayers {
  private static final Map<Long, Entry> BY_WEIGHT = new HashMap<>();
  private static final ReferenceQueue<Linear> GONE = new ReferenceQueue<>();

  private LinearLayers() {}

  private static final class Entry extends WeakReference<Linear> {
    private final long weight;

    Entry(Linear layer, long weight) {
      super(layer, GONE);
      this.weight = weight;
    }
  }

  static void add(Linear layer) {
    synchronized (BY_WEIGHT) {
      for (var gone = GONE.poll(); gone != null; gone = GONE.poll()) {
        var entry = (Entry) gone;
        BY_WEIGHT.remove(entry.weight, entry);
      }
      long weight = Tensors.identity(layer.weight());
      BY_WEIGHT.put(weight, new Entry(layer, weight));
    }
  }

  static Optional<Linear> of(Tensor weight) {
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
