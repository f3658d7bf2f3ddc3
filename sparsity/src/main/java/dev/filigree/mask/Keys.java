package dev.filigree.mask;

/**
 * Scores as integers in the order of selection: a larger float has a larger key, −0.0 has the key
 * of 0.0, every NaN has {@link #NAN}, below −∞, and what may not be selected has {@link #NONE}.
 */
interface Keys {
  /** The key of what is no candidate at all. */
  int NONE = Integer.MIN_VALUE;

  /** The key of every NaN, below that of all numbers. */
  int NAN = Integer.MIN_VALUE + 1;

  /** The float32 bits of +∞; larger magnitudes are NaN. */
  int INFINITY = 0x7F800000;

  /** Reads consecutive keys into {@code block.keys}, at most {@link Block#SIZE}. */
  void read(long first, int count, Block block);

  /** The weight index behind a position, which ties are broken by. */
  long index(long position);

  /** No index of a range of positions is higher (unsigned). */
  long highestIndex(long from, long count);

  /** The working memory of one thread. */
  final class Block {
    static final int SIZE = 4096; // keys: 16 KiB, half of a first-level cache

    final int[] keys = new int[SIZE];
    final byte[] flags = new byte[SIZE];
  }

  private static int ofBits(int bits) {
    int magnitude = bits & Integer.MAX_VALUE;
    int sign = bits >> 31;
    int key = (magnitude ^ sign) - sign;
    int nan = (INFINITY - magnitude) >> 31; // all ones for NaN
    return (key & ~nan) | (NAN & nan);
  }

  /** Turns float32 bits into keys, in place. */
  static void convert(int[] bits, int count) {
    for (int i = 0; i < count; i++) {
      bits[i] = ofBits(bits[i]);
    }
  }

  /** Leaves a key only where the flag (0 or 1) is the wanted one. */
  static void restrict(int[] keys, byte[] flags, int wanted, int count) {
    for (int i = 0; i < count; i++) {
      int keep = -(flags[i] ^ wanted ^ 1);
      keys[i] = (keys[i] & keep) | (NONE & ~keep);
    }
  }
}
