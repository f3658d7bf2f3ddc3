package dev.filigree.mask;

import java.util.function.LongUnaryOperator;

/**
 * Which weights of a group compete, and how many of them win.
 *
 * @param competitors who competes
 * @param winners from the number of existing weights of a group to the number of winners
 */
record Quota(Competitors competitors, LongUnaryOperator winners) {
  /** Who competes in a selection. */
  enum Competitors {
    ALL,
    EXISTING,
    MISSING
  }

  static Quota topK(long kept) {
    return new Quota(Competitors.ALL, existing -> kept);
  }

  static Quota drop(double dropFraction, long atMost) {
    return new Quota(
        Competitors.EXISTING,
        existing -> Math.min(atMost, Counting.afterDrop(existing, dropFraction)));
  }

  static Quota grow(long target) {
    return new Quota(Competitors.MISSING, existing -> Math.max(0, target - existing));
  }

  /** What will grow after {@link #drop}, chosen before it: as many missing weights. */
  static Quota regrow(double dropFraction, long target) {
    Quota drop = drop(dropFraction, target);
    return new Quota(Competitors.MISSING, existing -> target - drop.winners.applyAsLong(existing));
  }

  /** The same quota, with every answer for groups of this size computed once. */
  Quota tabulated(int size) {
    long[] table = table(size);
    return new Quota(competitors, existing -> table[(int) existing]);
  }

  /** The winners for 0, 1, ..., size existing weights. */
  long[] table(int size) {
    var table = new long[size + 1];
    for (int existing = 0; existing <= size; existing++) {
      table[existing] = winners.applyAsLong(existing);
    }
    return table;
  }
}
