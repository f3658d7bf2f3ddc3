package dev.filigree.zoo.data;

import dev.filigree.io.Hashing;

/**
 * A shuffle of 0 … size − 1 that needs no memory: a Feistel network over the next power of four,
 * walked until it lands inside. The same seed gives the same order on every machine.
 */
final class Permutation {
  private static final int ROUNDS = 6;

  private final long size;
  private final long seed;
  private final int halfBits;
  private final long halfMask;

  Permutation(long size, long seed) {
    if (size < 1) {
      throw new IllegalArgumentException("size must be positive, found " + size);
    }
    this.size = size;
    this.seed = seed;
    int bits = Math.max(2, 64 - Long.numberOfLeadingZeros(size - 1));
    halfBits = (bits + 1) / 2;
    halfMask = (1L << halfBits) - 1;
  }

  /** Where an index goes. */
  long at(long index) {
    if (index < 0 || index >= size) {
      throw new IndexOutOfBoundsException("index " + index + " of " + size);
    }
    long value = index;
    do {
      value = encrypt(value);
    } while (value >= size);
    return value;
  }

  private long encrypt(long value) {
    long left = value >>> halfBits;
    long right = value & halfMask;
    for (int round = 0; round < ROUNDS; round++) {
      long next = left ^ (Hashing.mix(Hashing.mix(seed + round) ^ right) & halfMask);
      left = right;
      right = next;
    }
    return left << halfBits | right;
  }
}
