package dev.filigree.sparsity;

import dev.filigree.mask.RandomScores;
import dev.filigree.mask.TieBreak;
import java.util.Locale;

/** Who wins among equal scores. */
public enum Ties {
  /** The lower index. */
  LOWER_INDEX,
  /** A random order, drawn anew for each parameter and step. */
  RANDOM;

  /**
   * The constant of a configuration's name, {@code lower_index} or {@code random}.
   *
   * @throws IllegalArgumentException for another name
   */
  static Ties named(String name) {
    for (Ties ties : values()) {
      if (ties.name().toLowerCase(Locale.ROOT).equals(name)) {
        return ties;
      }
    }
    throw new IllegalArgumentException(
        "no tie break '" + name + "'; there are lower_index, random");
  }

  // Not the numbers that random growth scores by: what goes first would come back first.
  TieBreak at(long seed, String parameter, long step) {
    return switch (this) {
      case LOWER_INDEX -> TieBreak.lowerIndex();
      case RANDOM -> TieBreak.random(RandomScores.of(seed, parameter, step).other());
    };
  }
}
