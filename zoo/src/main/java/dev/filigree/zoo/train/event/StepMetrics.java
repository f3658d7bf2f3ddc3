package dev.filigree.zoo.train.event;

import org.jspecify.annotations.Nullable;

/**
 * What one optimizer step measured.
 *
 * @param step optimizer steps finished, this one included
 * @param positions tokens or pictures trained on since the run began
 * @param loss mean over the batch, nats a token or a picture
 * @param learningRate of this step
 * @param gradientNorm over all parameters, masked, before clipping
 * @param sparseGradientNorm the part of it that is of the sparse parameters; null for a dense run
 * @param denseGradientNorm the part of it that is of the others; null for a dense run
 * @param sparsity counted over the sparse parameters after the step; 0 for a dense run
 * @param meanDensity over all steps of the run, the fraction of the sparse weights that existed
 *     while the step was made; 1 for a dense run, null where the steps before a resume do not tell
 * @param positionsPerSecond of this step
 * @param stepSeconds wall clock, data included
 */
public record StepMetrics(
    long step,
    long positions,
    double loss,
    double learningRate,
    double gradientNorm,
    @Nullable Double sparseGradientNorm,
    @Nullable Double denseGradientNorm,
    double sparsity,
    @Nullable Double meanDensity,
    double positionsPerSecond,
    double stepSeconds) {}
