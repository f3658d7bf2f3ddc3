package dev.filigree.schedule;

import dev.filigree.config.Key;

/**
 * The cubic rise of gradual pruning (Zhu and Gupta 2017, equation 1; Liu et al. 2021): end + (init
 * − end) · (1 − k/n)³, with k the whole pruning intervals since the start and n those from start to
 * end. It is {@code init} before the start and {@code end} after the last interval.
 *
 * @param initSparsity the fraction at the start
 * @param endSparsity the fraction at the end
 * @param startStep the step from which the value moves
 * @param endStep the step up to which it moves
 * @param pruneEvery steps between two changes of the value
 */
public record Cubic(
    double initSparsity,
    double endSparsity,
    @Key("sparsity_start_step") long startStep,
    @Key("sparsity_end_step") long endStep,
    @Key("prune_every_k_steps") long pruneEvery)
    implements PiecewiseMonotone {
  /**
   * A schedule with all its numbers.
   *
   * @throws IllegalArgumentException for a fraction that is not finite, a negative start, an
   *     interval below 1, or when no whole interval fits between start and end
   */
  public Cubic {
    ScheduleChecks.finite("init_sparsity", initSparsity);
    ScheduleChecks.finite("end_sparsity", endSparsity);
    ScheduleChecks.notNegative("sparsity_start_step", startStep);
    ScheduleChecks.positive("prune_every_k_steps", pruneEvery);
    if (endStep - startStep < pruneEvery) {
      throw new IllegalArgumentException(
          "no whole interval of prune_every_k_steps "
              + pruneEvery
              + " between sparsity_start_step "
              + startStep
              + " and sparsity_end_step "
              + endStep);
    }
  }

  @Override
  public double at(long step) {
    long intervals = (endStep - startStep) / pruneEvery;
    long passed = Math.clamp((step - startStep) / pruneEvery, 0, intervals);
    double left = 1 - (double) passed / intervals;
    return endSparsity + (initSparsity - endSparsity) * left * left * left;
  }
}
