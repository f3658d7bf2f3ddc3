package dev.filigree.mask;

/**
 * Which of equal scores wins. Every weight has a rank of its own, and the lower rank wins: the
 * outcome depends on nothing else, neither on the number of threads nor on the device.
 */
public sealed interface TieBreak {
  /**
   * The rank of a weight among equal scores, an unsigned number that no other weight shares.
   *
   * @param index position of the weight in its row-major flattened tensor
   */
  long rank(long index);

  /** The lower index wins. */
  static TieBreak lowerIndex() {
    return LowerIndex.INSTANCE;
  }

  /** Equal scores are ordered at random, the same way for the same generator. */
  static TieBreak random(RandomScores scores) {
    return new Random(scores);
  }

  /** The lower index wins. */
  enum LowerIndex implements TieBreak {
    /** The only one. */
    INSTANCE;

    @Override
    public long rank(long index) {
      return index;
    }
  }

  /** A seeded random order: {@link RandomScores#bits} never repeats within one generator. */
  record Random(RandomScores scores) implements TieBreak {
    @Override
    public long rank(long index) {
      return scores.bits(index);
    }
  }
}
