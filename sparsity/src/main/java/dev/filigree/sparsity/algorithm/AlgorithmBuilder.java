package dev.filigree.sparsity.algorithm;

import dev.filigree.mask.Distribution;
import dev.filigree.mask.InitialMask;
import dev.filigree.mask.ScoreShaper;
import dev.filigree.schedule.Schedule;
import dev.filigree.schedule.UpdateSchedule;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Builds an algorithm. Only the sparsity must be given. Defaults: drop fraction 0.3, an update at
 * every step, a random initial mask, all weights of a parameter compete, ties go to the lower
 * index, every parameter gets the same sparsity.
 *
 * @param <A> the algorithm
 */
public final class AlgorithmBuilder<A extends SparsityAlgorithm> {
  private final Function<AlgorithmSettings, A> constructor;
  private @Nullable Schedule sparsity;
  private Schedule dropFraction = step -> 0.3;
  private UpdateSchedule update = step -> true;
  private InitialMask initialMask = InitialMask.random();
  private ScoreShaper shaper = ScoreShaper.flat();
  private Ties ties = Ties.LOWER_INDEX;
  private Distribution distribution = Distribution.uniform();

  public AlgorithmBuilder(Function<AlgorithmSettings, A> constructor) {
    this.constructor = constructor;
  }

  /** A constant sparsity, a fraction in [0, 1]. */
  public AlgorithmBuilder<A> sparsity(double value) {
    return sparsity(fraction("sparsity", value));
  }

  public AlgorithmBuilder<A> sparsity(Schedule value) {
    sparsity = value;
    return this;
  }

  /** A constant drop fraction, in [0, 1]. */
  public AlgorithmBuilder<A> dropFraction(double value) {
    return dropFraction(fraction("drop fraction", value));
  }

  public AlgorithmBuilder<A> dropFraction(Schedule value) {
    dropFraction = value;
    return this;
  }

  public AlgorithmBuilder<A> update(UpdateSchedule value) {
    update = value;
    return this;
  }

  public AlgorithmBuilder<A> initialMask(InitialMask value) {
    initialMask = value;
    return this;
  }

  public AlgorithmBuilder<A> shaper(ScoreShaper value) {
    shaper = value;
    return this;
  }

  public AlgorithmBuilder<A> ties(Ties value) {
    ties = value;
    return this;
  }

  public AlgorithmBuilder<A> distribution(Distribution value) {
    distribution = value;
    return this;
  }

  /**
   * The algorithm.
   *
   * @throws IllegalStateException when no sparsity was given
   */
  public A build() {
    if (sparsity == null) {
      throw new IllegalStateException("no sparsity given");
    }
    return constructor.apply(
        new AlgorithmSettings(
            sparsity, dropFraction, update, initialMask, shaper, ties, distribution));
  }

  private static Schedule fraction(String name, double value) {
    if (!(value >= 0 && value <= 1)) {
      throw new IllegalArgumentException(name + " must lie in [0, 1], found " + value);
    }
    return dev.filigree.schedule.Schedules.constant(value);
  }
}
