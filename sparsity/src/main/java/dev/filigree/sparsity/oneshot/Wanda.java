package dev.filigree.sparsity.oneshot;

import dev.filigree.mask.Masks;
import dev.filigree.mask.ScoreShaper;
import dev.filigree.mask.TieBreak;
import dev.filigree.torch.Tensors;
import org.bytedeco.pytorch.Tensor;

/**
 * Pruning by weights and activations (Sun et al. 2023, arXiv:2306.11695): of each output those
 * weights stay whose |w|·‖x_j‖₂ is largest (equation 1), x_j being what input j was over all
 * calibration tokens. What stays is not changed.
 */
public record Wanda() implements OneShotAlgorithm {
  @Override
  public boolean needsInputs() {
    return true;
  }

  @Override
  public PrunedWeight prune(String name, Tensor weight, LayerInputs inputs, PruningTarget target) {
    Tensor scores = weight.abs().mul(inputs.norms()); // [out, in]
    ScoreShaper shaper =
        target
            .pattern()
            .map(PruningTarget.Pattern::shaper)
            .orElseGet(() -> ScoreShaper.outputGroups(weight.size(0)));
    var groups = shaper.group(name, Tensors.shape(weight));
    return PrunedWeight.kept(
        weight, Masks.topK(scores, target.sparsity(), groups, TieBreak.lowerIndex()));
  }
}
