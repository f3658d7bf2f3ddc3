package dev.filigree.bench;

import com.fasterxml.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import org.jspecify.annotations.Nullable;

/**
 * A measured training step.
 *
 * @param parameters elements of the dense model
 * @param execution {@code dense}, {@code masked} or {@code compressed}
 * @param precision what dense matrix products compute in: {@code float32} or {@code bfloat16}
 * @param sparsity of the decoder layers' weights, a fraction
 * @param seconds of a step without mask update, median
 * @param speedupOverDense seconds of dense steps in float32 made in turns with these, over {@code
 *     seconds}
 * @param speedupOverBfloat16 the same of dense steps in bfloat16; null on a processor without units
 *     for it
 * @param denseEngine what multiplies dense matrices: the faster of OpenBLAS and oneDNN
 * @param peakResidentBytes the most that a process that trains this model takes, the JVM included,
 *     once training has begun; null where it is not measured
 * @param startResidentBytes the same before the second step, while the model is made
 * @param linearSeconds of the decoder layers' projections in a step
 * @param attentionSeconds rotary positions, attention products and softmax
 * @param headSeconds output head and loss
 * @param optimizerSeconds clipping and AdamW, with what sparsity adds to it
 * @param otherSeconds norms, activations, residuals, embedding
 * @param maskUpdateSeconds what a step with a mask update takes longer; null without
 * @param maskUpdateShare of the time of a run with an update every 100 steps, a fraction
 */
@JsonNaming(SnakeCaseStrategy.class)
record StepRow(
    String model,
    long parameters,
    long tokens,
    String execution,
    String precision,
    double sparsity,
    double seconds,
    double tokensPerSecond,
    double speedupOverDense,
    @Nullable Double speedupOverBfloat16,
    String denseEngine,
    @Nullable Long peakResidentBytes,
    @Nullable Long startResidentBytes,
    double linearSeconds,
    double attentionSeconds,
    double headSeconds,
    double optimizerSeconds,
    double otherSeconds,
    @Nullable Double maskUpdateSeconds,
    @Nullable Double maskUpdateShare) {}
