package dev.filigree.zoo.train.event;

/**
 * What one optimizer step measured.
 *
 * @param step optimizer steps finished, this one included
 * @param positions tokens or pictures trained on since the run began
 * @param loss mean over the batch, nats a token or a picture
 * @param learningRate of this step
 * @param gradientNorm over all parameters, masked, before clipping
 * @param sparsity counted over the sparse parameters after the step; 0 for a dense run
 * @param positionsPerSecond of this step
 * @param stepSeconds wall clock, data included
 */
public record StepMetrics(
    long step,
    long positions,
    double loss,
    double learningRate,
    double gradientNorm,
    double sparsity,
    double positionsPerSecond,
    double stepSeconds) {}
