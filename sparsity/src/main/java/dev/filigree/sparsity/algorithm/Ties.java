package dev.filigree.sparsity.algorithm;

import dev.filigree.mask.RandomScores;
import dev.filigree.mask.TieBreak;

/** How ties between equal scores are broken. */
public enum Ties {
  /** The lower index. */
  LOWER_INDEX,
  /** A random order, drawn for each parameter and step. */
  RANDOM;

  /**
   * The order of a parameter's equal scores at a step. Not by the numbers that random growth scores
   * by: what goes first would come back first.
   *
   * @param seed the run's seed
   * @param step optimizer steps finished, or {@link RandomScores#BEFORE_TRAINING}
   */
  public TieBreak at(long seed, String parameter, long step) {
    return switch (this) {
      case LOWER_INDEX -> TieBreak.lowerIndex();
      case RANDOM -> TieBreak.random(RandomScores.of(seed, parameter, step).other());
    };
  }
}
