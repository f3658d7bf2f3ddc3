package dev.filigree.sparsity.oneshot;

import dev.filigree.mask.Counting;
import dev.filigree.mask.ScoreShaper;
import java.util.Optional;

/**
 * How many weights of a layer stay.
 *
 * @param sparsity the fraction that goes, in [0, 1)
 * @param pattern N:M, which the sparsity then follows; empty for no pattern
 */
public record PruningTarget(double sparsity, Optional<Pattern> pattern) {
  /**
   * @throws IllegalArgumentException for a sparsity outside [0, 1)
   */
  public PruningTarget {
    if (!(sparsity >= 0 && sparsity < 1)) {
      throw new IllegalArgumentException("sparsity must be in [0, 1), found " + sparsity);
    }
  }

  /**
   * The best {@code kept} of each {@code group} consecutive inputs of an output stay; 1 ≤ kept ≤
   * group.
   */
  public record Pattern(long kept, long group) {
    /**
     * @throws IllegalArgumentException as {@link ScoreShaper#nOfM}
     */
    public Pattern {
      ScoreShaper.nOfM(kept, group); // checks
    }

    /**
     * Reads {@code 2:4}.
     *
     * @throws IllegalArgumentException for anything else than N:M with 1 ≤ N ≤ M
     */
    public static Pattern of(String text) {
      if (!text.matches("\\d{1,4}:\\d{1,4}")) {
        throw new IllegalArgumentException("a pattern is N:M, such as 2:4; found '" + text + "'");
      }
      int colon = text.indexOf(':');
      return new Pattern(
          Long.parseLong(text.substring(0, colon)), Long.parseLong(text.substring(colon + 1)));
    }

    /** What selects by it. */
    public ScoreShaper shaper() {
      return ScoreShaper.nOfM(kept, group);
    }

    @Override
    public String toString() {
      return kept + ":" + group;
    }
  }

  /** A fraction of the weights goes. */
  public static PruningTarget of(double sparsity) {
    return new PruningTarget(sparsity, Optional.empty());
  }

  /** {@code kept} of each {@code group} stay. */
  public static PruningTarget of(Pattern pattern) {
    return new PruningTarget(
        Counting.sparsity(pattern.group(), pattern.kept()), Optional.of(pattern));
  }
}
