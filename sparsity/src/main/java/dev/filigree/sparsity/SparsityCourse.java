package dev.filigree.sparsity;

import dev.filigree.schedule.Constant;
import dev.filigree.schedule.Cosine;
import dev.filigree.schedule.Cubic;
import dev.filigree.schedule.Exponential;
import dev.filigree.schedule.Polynomial;
import dev.filigree.schedule.Schedule;
import dev.filigree.sparsity.algorithm.SparsityAlgorithm;
import dev.filigree.sparsity.algorithm.Static;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * How an algorithm's sparsity develops in the course of a run: its schedules played through without
 * any weights.
 *
 * @param algorithm the registered name
 * @param lastStep the step that the run ends at
 * @param initial the sparsity that the run begins with, a fraction; 0 where it begins dense
 * @param reached the sparsity after the last update of the run
 * @param target the sparsity that the schedule comes to in the end; where it has no end, that of
 *     the last step
 * @param missed whether what is reached is not the target
 * @param dense whether the run begins dense and makes no mask
 * @param updates how many updates the run has
 * @param lastUpdate the step of the last of them; empty for none
 * @param nextUpdate for a run without any, the first one that it is too short for; empty where none
 *     is found
 * @param fixed whether the algorithm never updates, on purpose
 */
public record SparsityCourse(
    String algorithm,
    long lastStep,
    double initial,
    double reached,
    double target,
    boolean missed,
    boolean dense,
    long updates,
    OptionalLong lastUpdate,
    OptionalLong nextUpdate,
    boolean fixed) {
  /** Differences up to this are rounding. */
  private static final double SAME = 1e-9;

  /** A schedule that moves at every step is always a little ahead of the last update. */
  private static final double CLOSE = 0.005;

  /** How many steps beyond the end of the run are searched for the next update. */
  private static final long LOOK_AHEAD = 1_000_000;

  /**
   * Goes through the updates of a run.
   *
   * @param algorithm one of its own: a schedule that cycles moves on
   */
  static SparsityCourse of(String name, SparsityAlgorithm algorithm, long lastStep) {
    Schedule schedule = algorithm.settings().sparsity();
    double initial = algorithm.startsDense() ? 0 : algorithm.sparsity(0);
    double reached = initial;
    long updates = 0;
    OptionalLong lastUpdate = OptionalLong.empty();
    for (long step = 1; step <= lastStep; step++) {
      if (algorithm.isUpdate(step)) {
        reached = algorithm.sparsity(step);
        schedule.advance();
        updates++;
        lastUpdate = OptionalLong.of(step);
      }
    }
    End end = end(schedule, algorithm.sparsity(algorithm instanceof Static ? 0 : lastStep));
    // A list of values goes round from update to update: it has no end that a run could miss.
    double target = schedule.state().isEmpty() ? Math.clamp(end.value, 0.0, 1.0) : reached;
    return new SparsityCourse(
        name,
        lastStep,
        initial,
        reached,
        target,
        Math.abs(reached - target) > end.tolerance,
        algorithm.startsDense() && updates == 0,
        updates,
        lastUpdate,
        updates == 0 ? next(algorithm, lastStep) : OptionalLong.empty(),
        algorithm instanceof Static);
  }

  /** The final value of a schedule, and how near counts as reached. */
  private record End(double value, double tolerance) {}

  private static End end(Schedule schedule, double atLastStep) {
    return switch (schedule) {
      case Constant constant -> new End(constant.value(), SAME);
      case Cubic cubic -> new End(cubic.endSparsity(), SAME);
      case Polynomial polynomial -> new End(polynomial.target(), SAME);
      case Cosine cosine when !cosine.cyclic() -> new End(cosine.minimum(), SAME);
      case Exponential exponential when exponential.gamma() < 0 ->
          new End(exponential.last(), CLOSE);
      default -> new End(atLastStep, CLOSE);
    };
  }

  private static OptionalLong next(SparsityAlgorithm algorithm, long lastStep) {
    for (long step = lastStep + 1; step <= lastStep + LOOK_AHEAD; step++) {
      if (algorithm.isUpdate(step)) {
        return OptionalLong.of(step);
      }
    }
    return OptionalLong.empty();
  }

  /**
   * What a reader of the configuration would not expect, in one line: a mask that is never made, a
   * schedule whose end the run does not reach, masks that never change.
   */
  public Optional<String> warning() {
    if (dense) {
      return Optional.of(
          "%s makes no mask: the run ends at step %d, before its first update%s, and stays dense"
              .formatted(algorithm, lastStep, at(nextUpdate)));
    }
    if (missed) {
      return Optional.of(
          "%s reaches a sparsity of %s, not the %s of its schedule: %s"
              .formatted(algorithm, percent(reached), percent(target), why()));
    }
    if (updates == 0 && !fixed) {
      return Optional.of(
          "%s never updates its masks: the run ends at step %d%s"
              .formatted(
                  algorithm,
                  lastStep,
                  nextUpdate.isPresent() ? ", its next update is" + at(nextUpdate) : ""));
    }
    return Optional.empty();
  }

  private String why() {
    if (fixed) {
      return "it keeps the masks of step 0";
    }
    return lastUpdate.isEmpty()
        ? "it never updates its masks up to the run's end at step %d".formatted(lastStep)
        : "its last update in the run, which ends at step %d, is%s"
            .formatted(lastStep, at(lastUpdate));
  }

  private static String at(OptionalLong step) {
    return step.isPresent() ? " at step " + step.getAsLong() : "";
  }

  private static String percent(double fraction) {
    return String.format(Locale.ROOT, "%.2f %%", 100 * fraction);
  }
}
