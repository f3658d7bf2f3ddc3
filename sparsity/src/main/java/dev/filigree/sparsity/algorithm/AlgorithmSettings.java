package dev.filigree.sparsity.algorithm;

import dev.filigree.config.Records;
import dev.filigree.mask.Distribution;
import dev.filigree.mask.InitialMask;
import dev.filigree.mask.ScoreShaper;
import dev.filigree.schedule.Schedule;
import dev.filigree.schedule.UpdateSchedule;
import java.util.Map;

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
 * @param parametrization how existing weights are initialised and updated
 */
public record AlgorithmSettings(
    Schedule sparsity,
    Schedule dropFraction,
    UpdateSchedule update,
    InitialMask initialMask,
    ScoreShaper shaper,
    Ties ties,
    Distribution distribution,
    Parametrization parametrization) {
  AlgorithmSettings withDistribution(Distribution value) {
    return Records.with(this, Map.of("distribution", value));
  }

  AlgorithmSettings withDropFraction(Schedule value) {
    return Records.with(this, Map.of("dropFraction", value));
  }

  AlgorithmSettings withShaper(ScoreShaper value) {
    return Records.with(this, Map.of("shaper", value));
  }

  AlgorithmSettings withParametrization(Parametrization value) {
    return Records.with(this, Map.of("parametrization", value));
  }
}
