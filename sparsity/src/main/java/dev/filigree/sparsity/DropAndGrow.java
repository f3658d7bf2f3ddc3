package dev.filigree.sparsity;

import dev.filigree.mask.ScoreShaper;
import java.util.function.Function;
import org.bytedeco.pytorch.Tensor;

/**
 * One mask update of one parameter: how many weights go and come, and by which scores.
 *
 * @param step optimizer steps finished
 * @param dropFraction the fraction of the existing weights that goes, at least; more goes where the
 *     sparsity asks for it
 * @param sparsity the sparsity after the update, a fraction
 * @param dropScore existing weights with the smallest scores go
 * @param growScore missing weights with the largest scores come
 * @param shaper who competes with whom
 * @param ties who wins among equal scores
 * @param seed of the random scores, with the parameter's name and the step
 */
public record DropAndGrow(
    long step,
    double dropFraction,
    double sparsity,
    Function<KeptWeights, Tensor> dropScore,
    Function<MissingWeights, Tensor> growScore,
    ScoreShaper shaper,
    Ties ties,
    long seed) {}
