package dev.filigree.sparsity.algorithm;

import dev.filigree.mask.Distribution;
import dev.filigree.mask.InitialMask;
import dev.filigree.mask.ScoreShaper;
import dev.filigree.schedule.Schedule;
import dev.filigree.schedule.Schedules;
import dev.filigree.schedule.UpdateSchedule;
import java.util.ArrayList;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Builds an algorithm. The sparsity must be given and, for algorithms that use them, when masks are
 * updated and what fraction is dropped: papers choose both by the length of the run, so there is no
 * constant default; {@link Recipe} has their choices. Defaults: a random initial mask, all weights
 * of a parameter compete, ties go to the lower index, every parameter gets the same sparsity.
 *
 * @param <A> the algorithm
 */
public final class AlgorithmBuilder<A extends SparsityAlgorithm> {
  private final Function<AlgorithmSettings, A> constructor;
  private @Nullable Schedule sparsity;
  private @Nullable Schedule dropFraction;
  private @Nullable UpdateSchedule update;
  private InitialMask initialMask = InitialMask.random();
  private ScoreShaper shaper = ScoreShaper.flat();
  private Ties ties = Ties.LOWER_INDEX;
  private Distribution distribution = Distribution.uniform();
  private Parametrization parametrization = Parametrization.standard();

  /** A builder of an algorithm that is made from its settings. */
  public AlgorithmBuilder(Function<AlgorithmSettings, A> constructor) {
    this.constructor = constructor;
  }

  /** A constant sparsity, a fraction in [0, 1]. */
  public AlgorithmBuilder<A> sparsity(double value) {
    return sparsity(fraction("sparsity", value));
  }

  /** The sparsity by step, a fraction in [0, 1]: read for the initial mask and at every update. */
  public AlgorithmBuilder<A> sparsity(Schedule value) {
    sparsity = value;
    return this;
  }

  /** A constant drop fraction, in [0, 1]. */
  public AlgorithmBuilder<A> dropFraction(double value) {
    return dropFraction(fraction("drop fraction", value));
  }

  /** The fraction of the existing weights, in [0, 1], that an update drops, by step. */
  public AlgorithmBuilder<A> dropFraction(Schedule value) {
    dropFraction = value;
    return this;
  }

  /** The steps after which masks are updated. */
  public AlgorithmBuilder<A> update(UpdateSchedule value) {
    update = value;
    return this;
  }

  /** The initial mask; random by default. */
  public AlgorithmBuilder<A> initialMask(InitialMask value) {
    initialMask = value;
    return this;
  }

  /** Which weights compete with each other; by default all weights of a parameter. */
  public AlgorithmBuilder<A> shaper(ScoreShaper value) {
    shaper = value;
    return this;
  }

  /** How ties between equal scores are broken; by default the lower index wins. */
  public AlgorithmBuilder<A> ties(Ties value) {
    ties = value;
    return this;
  }

  /** How the sparsity is distributed over the parameters; uniformly by default. */
  public AlgorithmBuilder<A> distribution(Distribution value) {
    distribution = value;
    return this;
  }

  /** How existing weights are initialised and updated; as those of a dense network by default. */
  public AlgorithmBuilder<A> parametrization(Parametrization value) {
    parametrization = value;
    return this;
  }

  /**
   * The algorithm.
   *
   * @throws IllegalStateException when no sparsity, update schedule or drop fraction was given to
   *     an algorithm that needs it
   * @throws IllegalArgumentException when the algorithm refuses what was given
   */
  public A build() {
    A algorithm =
        constructor.apply(
            new AlgorithmSettings(
                sparsity == null ? Schedules.constant(0) : sparsity,
                dropFraction == null ? Schedules.constant(0) : dropFraction,
                update == null ? step -> false : update,
                initialMask,
                shaper,
                ties,
                distribution,
                parametrization));
    if (sparsity != null && !algorithm.needsSparsity()) {
      throw new IllegalArgumentException(
          algorithm.getClass().getSimpleName()
              + " finds out how sparse to be by itself: give it no sparsity");
    }
    var missing = new ArrayList<String>();
    if (sparsity == null && algorithm.needsSparsity()) {
      missing.add("how sparse to be (sparsity)");
    }
    if (update == null && algorithm.needsUpdateSchedule()) {
      missing.add("when masks are updated (update)");
    }
    if (dropFraction == null && algorithm.needsDropFraction()) {
      missing.add("what fraction an update drops (dropFraction)");
    }
    if (!missing.isEmpty()) {
      String name = algorithm.getClass().getSimpleName();
      throw new IllegalStateException(
          (name.isEmpty() ? "the algorithm" : name)
              + " must be told "
              + String.join(" and ", missing)
              + "; recipes, such as RigL.recipe(steps, sparsity), know what their papers chose");
    }
    return algorithm;
  }

  private static Schedule fraction(String name, double value) {
    if (!(value >= 0 && value <= 1)) {
      throw new IllegalArgumentException(name + " must lie in [0, 1], found " + value);
    }
    return Schedules.constant(value);
  }
}
