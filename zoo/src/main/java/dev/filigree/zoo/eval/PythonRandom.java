package dev.filigree.zoo.eval;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;

/**
 * Python's {@code random.Random}, so that few-shot examples are the ones that the reference draws:
 * the Mersenne Twister MT19937 (Matsumoto and Nishimura 1998) and Python's way to draw from it.
 */
final class PythonRandom {
  private static final int SIZE = 624;
  private static final int MIDDLE = 397;

  private final int[] state = new int[SIZE];
  private int next = SIZE;

  /** {@code random.Random(seed)}. */
  PythonRandom(int seed) {
    fill(19650218);
    int i = 1;
    for (int k = 0; k < SIZE; k++) {
      state[i] = (state[i] ^ mixed(i - 1) * 1664525) + seed;
      i = following(i);
    }
    for (int k = 0; k < SIZE - 1; k++) {
      state[i] = (state[i] ^ mixed(i - 1) * 1566083941) - i;
      i = following(i);
    }
    state[0] = 0x80000000;
  }

  private void fill(int seed) {
    state[0] = seed;
    for (int i = 1; i < SIZE; i++) {
      state[i] = 1812433253 * mixed(i - 1) + i;
    }
  }

  private int mixed(int i) {
    return state[i] ^ (state[i] >>> 30);
  }

  private int following(int i) {
    if (i + 1 < SIZE) {
      return i + 1;
    }
    state[0] = state[SIZE - 1];
    return 1;
  }

  /** {@code random.shuffle(list)}. */
  void shuffle(List<?> list) {
    for (int i = list.size() - 1; i > 0; i--) {
      Collections.swap(list, i, below(i + 1));
    }
  }

  /** {@code random.sample(list, count)}. */
  <T> List<T> sample(List<T> list, int count) {
    int size = list.size();
    if (count > size) {
      throw new IllegalArgumentException("a sample of " + count + " of " + size);
    }
    return size <= poolSize(count) ? fromPool(list, count) : byIndex(list, count);
  }

  /** Up to which size Python copies the list rather than remembers what it took. */
  private static double poolSize(int count) {
    return count <= 5 ? 21 : 21 + Math.pow(4, Math.ceil(Math.log(count * 3.0) / Math.log(4)));
  }

  private <T> List<T> fromPool(List<T> list, int count) {
    var pool = new ArrayList<>(list);
    var sample = new ArrayList<T>();
    for (int i = 0; i < count; i++) {
      int index = below(pool.size() - i);
      sample.add(pool.get(index));
      pool.set(index, pool.get(pool.size() - i - 1));
    }
    return sample;
  }

  private <T> List<T> byIndex(List<T> list, int count) {
    var taken = new LinkedHashSet<Integer>();
    while (taken.size() < count) {
      taken.add(below(list.size()));
    }
    return taken.stream().<T>map(list::get).toList();
  }

  /** Even in [0, bound). */
  private int below(int bound) {
    int bits = Integer.SIZE - Integer.numberOfLeadingZeros(bound);
    int drawn;
    do {
      drawn = word() >>> (Integer.SIZE - bits);
    } while (drawn >= bound);
    return drawn;
  }

  private int word() {
    if (next == SIZE) {
      twist();
    }
    int y = state[next++];
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return y ^ (y >>> 18);
  }

  private void twist() {
    for (int i = 0; i < SIZE; i++) {
      int y = (state[i] & 0x80000000) | (state[(i + 1) % SIZE] & 0x7fffffff);
      state[i] = state[(i + MIDDLE) % SIZE] ^ (y >>> 1) ^ ((y & 1) == 0 ? 0 : 0x9908b0df);
    }
    next = 0;
  }
}
