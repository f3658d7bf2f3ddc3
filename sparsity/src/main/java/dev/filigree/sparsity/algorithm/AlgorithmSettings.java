package dev.filigree.sparsity.algorithm;

import dev.filigree.mask.Distribution;
import dev.filigree.mask.InitialMask;
import dev.filigree.mask.ScoreShaper;
import dev.filigree.schedule.Schedule;
import dev.filigree.schedule.UpdateSchedule;

/**
 * The settings that all algorithms share; see {@link AlgorithmBuilder} for the defaults.
 *
 * @param sparsity the fraction of weights that do not exist, by step
 * @param dropFraction the fraction of the existing weights that an update drops, by step
 * @param update when masks are updated
 * @param initialMask how the first mask is chosen
 * @param shaper who competes with whom
 * @param ties who wins among equal scores
 * @param distribution how the sparsity is spread over the parameters
 */
public record AlgorithmSettings(
    Schedule sparsity,
    Schedule dropFraction,
    UpdateSchedule update,
    InitialMask initialMask,
    ScoreShaper shaper,
    Ties ties,
    Distribution distribution) {
  AlgorithmSettings withDistribution(Distribution value) {
    return new AlgorithmSettings(sparsity, dropFraction, update, initialMask, shaper, ties, value);
  }

  AlgorithmSettings withDropFraction(Schedule value) {
    return new AlgorithmSettings(sparsity, value, update, initialMask, shaper, ties, distribution);
  }
}
