package dev.filigree.mask;

/**
 * The line between what is selected and what is not: keys above {@code key} are, and of those equal
 * to it the ones whose rank is at most {@code rank} (unsigned).
 */
record Cutoff(int key, long rank) {
  /** Selects nothing: no score has this key. */
  static final Cutoff NOTHING = new Cutoff(Integer.MAX_VALUE, 0);

  /** The rank that admits every tie. */
  static final long ALL_TIES = -1L;

  /** Selects every candidate. */
  static final Cutoff EVERYTHING = new Cutoff(Keys.NAN, ALL_TIES);

  boolean admits(int candidate, long index, TieBreak ties) {
    return candidate > key
        || (candidate == key && Long.compareUnsigned(ties.rank(index), rank) <= 0);
  }
}
