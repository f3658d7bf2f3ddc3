package dev.filigree.mask;

import java.util.function.LongUnaryOperator;

/**
 * Which weights of a group compete, and how many of them win.
 *
 * @param candidates who competes
 * @param winners from the number of existing weights of a group to the number of winners
 */
record Quota(Candidates candidates, LongUnaryOperator winners) {
  /** Who competes in a selection. */
  enum Candidates {
    ALL,
    EXISTING,
    MISSING
  }

  static Quota topK(long kept) {
    return new Quota(Candidates.ALL, existing -> kept);
  }

  static Quota drop(double dropFraction, long atMost) {
    return new Quota(
        Candidates.EXISTING,
        existing -> Math.min(atMost, Counting.afterDrop(existing, dropFraction)));
  }

  static Quota grow(long target) {
    return new Quota(Candidates.MISSING, existing -> Math.max(0, target - existing));
  }

  /** The same quota, with every answer for groups of this size computed once. */
  Quota tabulated(int size) {
    long[] table = table(size);
    return new Quota(candidates, existing -> table[(int) existing]);
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
