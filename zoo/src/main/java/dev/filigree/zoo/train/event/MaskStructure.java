package dev.filigree.zoo.train.event;

import org.jspecify.annotations.Nullable;

/**
 * The structure of a parameter's mask.
 *
 * @param deadRows rows (outputs) without a weight; 0 for a vector
 * @param deadColumns columns (inputs) without a weight; 0 for a vector
 * @param overlap the fraction of the weights that exist which the run's first mask had too; null
 *     where that mask is not known
 * @param explored the fraction of all weights that ever existed: R_s of Liu et al., "Do We Actually
 *     Need Dense Over-Parameterization?", ICML 2021; null where the masks before are not known
 * @param ages of the weights that exist; null where nobody asked for them, or they are not known
 */
public record MaskStructure(
    long deadRows,
    long deadColumns,
    @Nullable Double overlap,
    @Nullable Double explored,
    @Nullable WeightAges ages) {}
