package dev.filigree.sparsity;

import dev.filigree.mask.Masks;
import dev.filigree.optim.Optimizer;
import dev.filigree.sparsity.algorithm.SparsityAlgorithm;
import dev.filigree.torch.Tensors;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One update of the masks of a group, in every execution the same: how sparse each parameter shall
 * be, which weights go, which come. For RigL this is algorithm 1 of Evci et al. 2020, lines 5 to 9.
 */
final class MaskUpdater {
  private static final Logger LOG = LoggerFactory.getLogger(MaskUpdater.class);

  private final SparseGroup group;
  private final SparsityAlgorithm algorithm;
  private final long seed;
  private final Optimizer optimizer;

  MaskUpdater(SparseGroup group, long seed, Optimizer optimizer) {
    this.group = group;
    this.algorithm = group.algorithm();
    this.seed = seed;
    this.optimizer = optimizer;
  }

  /** Updates the masks of all parameters of which the evidence is there, and reports. */
  void update(long step, List<SparsityListener> listeners) {
    List<UpdateRule> targets = group.rules(step, seed, optimizer);
    for (int i = 0; i < targets.size(); i++) {
      SparseParameter parameter = group.parameters().get(i);
      UpdateRule target = targets.get(i);
      if (parameter.evidence().isComplete()) {
        parameter.evidence().average();
        // A scope for each: replaced values and state go before the next parameter.
        Tensors.inScope(() -> report(parameter, update(parameter, target), listeners));
      }
    }
  }

  private MaskUpdate update(SparseParameter parameter, UpdateRule target) {
    var view = new ParameterView(parameter, optimizer, target.step(), seed);
    Tensor before = parameter.mask();

    Tensor dropScores = parameter.requireScores("drop", algorithm.dropScore(view));
    Tensor left = target.drop(dropScores, before);
    Tensor growScores =
        parameter.requireScores("grow", parameter.evidence().growScores(algorithm, view));
    Tensor after = target.grow(growScores, left);

    parameter.setMask(after, optimizer);
    parameter.setTarget(target.sparsity(), target.kept());
    parameter.evidence().finishUpdate();
    return new MaskUpdate(
        target.step(),
        parameter.name(),
        Masks.count(before.logical_and(after.logical_not())),
        Masks.count(after.logical_and(before.logical_not())),
        parameter.kept(),
        parameter.size(),
        target.sparsity());
  }

  private static void report(
      SparseParameter parameter, MaskUpdate update, List<SparsityListener> listeners) {
    if (update.dropped() > 0 && update.kept() == 0) {
      LOG.warn("{} keeps no weight at all", parameter.name());
    }
    listeners.forEach(listener -> listener.onMaskUpdate(parameter, update));
  }
}
