package dev.filigree.zoo.data;

import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * What one forward pass takes.
 *
 * @param inputs token ids, int64 [batch, sequence]; for pictures float32 [batch, channels, height,
 *     width]
 * @param labels what each position should predict, int64 [batch, sequence] (already shifted by
 *     one); for pictures the class, int64 [batch]
 * @param lossMask 1 where a position counts, float32 [batch, sequence]; null where all do
 */
public record Batch(Tensor inputs, Tensor labels, @Nullable Tensor lossMask) {}
