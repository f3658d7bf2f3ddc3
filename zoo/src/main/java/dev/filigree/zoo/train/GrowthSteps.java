package dev.filigree.zoo.train;

import dev.filigree.zoo.train.event.WeightAges;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The step after which each weight that exists grew: four bytes a kept weight and a bit for each
 * weight, touched at mask updates only. A file has for each parameter the number of its weights,
 * then their steps, two in a 64-bit word, in the order of their positions.
 */
final class GrowthSteps {
  /** What is known of a parameter. */
  private static final class Layer {
    long[] mask;
    int[] grown; // by the position of the weight
    NavigableMap<Long, Long> counted;

    Layer(long[] mask, int[] grown) {
      this.mask = mask;
      this.grown = grown;
      counted = count(grown);
    }

    /** Weights that stay keep their step. */
    void update(long[] now, int step) {
      var next = new int[weights(now)];
      int from = 0;
      int to = 0;
      for (int i = 0; i < now.length; i++) {
        for (long either = mask[i] | now[i]; either != 0; either &= either - 1) {
          long bit = Long.lowestOneBit(either);
          boolean existed = (mask[i] & bit) != 0;
          if ((now[i] & bit) != 0) {
            next[to++] = existed ? grown[from] : step;
          }
          if (existed) {
            from++;
          }
        }
      }
      mask = now;
      grown = next;
      counted = count(grown);
    }

    private static NavigableMap<Long, Long> count(int[] grown) {
      int newest = 0;
      for (int step : grown) {
        newest = Math.max(newest, step);
      }
      var counts = new long[newest + 1];
      for (int step : grown) {
        counts[step]++;
      }
      var counted = new TreeMap<Long, Long>();
      for (int step = 0; step <= newest; step++) {
        if (counts[step] > 0) {
          counted.put((long) step, counts[step]);
        }
      }
      return counted;
    }
  }

  private final Map<String, Layer> layers = new LinkedHashMap<>();

  /** Weights of a mask, a bit each. */
  private static int weights(long[] mask) {
    long weights = 0;
    for (long word : mask) {
      weights += Long.bitCount(word);
    }
    return Math.toIntExact(weights);
  }

  /** Weights of this mask grew at step 0. */
  void begin(String parameter, long[] mask) {
    layers.put(parameter, new Layer(mask, new int[weights(mask)]));
  }

  /** Takes in a new mask; null where nothing is known, or no weight exists. */
  @Nullable WeightAges updated(String parameter, long[] mask, long step) {
    Layer layer = layers.get(parameter);
    if (layer == null) {
      return null;
    }
    layer.update(mask, Math.toIntExact(step));
    return WeightAges.at(step, layer.counted);
  }

  /** Of the weights of all parameters; null where nothing is known, or no weight exists. */
  @Nullable WeightAges all(long step) {
    var together = new TreeMap<Long, Long>();
    layers
        .values()
        .forEach(layer -> layer.counted.forEach((at, n) -> together.merge(at, n, Long::sum)));
    return WeightAges.at(step, together);
  }

  boolean isEmpty() {
    return layers.isEmpty();
  }

  void write(FileChannel out) throws IOException {
    for (Layer layer : layers.values()) {
      int[] grown = layer.grown;
      var words = new long[Math.ceilDiv(grown.length, 2)];
      for (int i = 0; i < grown.length; i++) {
        words[i / 2] |= (long) grown[i] << (32 * (i % 2));
      }
      MaskTrack.write(out, new long[] {grown.length});
      MaskTrack.write(out, words);
    }
  }

  /**
   * Goes on with a parameter.
   *
   * @param mask that it has now
   * @throws IOException when the file is of another mask
   */
  void read(FileChannel in, String parameter, long[] mask) throws IOException {
    var grown = new int[weights(mask)];
    if (MaskTrack.read(in, 1)[0] != grown.length) {
      throw new IOException("it is of another mask of " + parameter);
    }
    long[] words = MaskTrack.read(in, Math.ceilDiv(grown.length, 2));
    for (int i = 0; i < grown.length; i++) {
      grown[i] = (int) (words[i / 2] >>> (32 * (i % 2)));
    }
    layers.put(parameter, new Layer(mask, grown));
  }

  /** Nothing is known from now on. */
  void forget() {
    layers.clear();
  }
}
