package dev.filigree.sparsity.oneshot;

import dev.filigree.mask.Masks;
import dev.filigree.mask.ScoreShaper;
import dev.filigree.mask.TieBreak;
import dev.filigree.torch.Tensors;
import org.bytedeco.pytorch.Tensor;

/**
 * The largest |w| of each layer stay as they are (Han et al. 2015, arXiv:1506.02626, without the
 * retraining): what the others are compared with.
 */
public record MagnitudePruning() implements OneShotAlgorithm {
  @Override
  public boolean needsInputs() {
    return false;
  }

  @Override
  public PrunedWeight prune(String name, Tensor weight, LayerInputs inputs, PruningTarget target) {
    ScoreShaper shaper =
        target.pattern().map(PruningTarget.Pattern::shaper).orElseGet(ScoreShaper::flat);
    var groups = shaper.group(name, Tensors.shape(weight));
    return PrunedWeight.kept(
        weight, Masks.topK(weight.abs(), target.sparsity(), groups, TieBreak.lowerIndex()));
  }
}
