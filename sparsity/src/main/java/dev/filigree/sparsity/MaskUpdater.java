package dev.filigree.sparsity;

import dev.filigree.mask.Counting;
import dev.filigree.mask.Masks;
import dev.filigree.optim.Optimizer;
import dev.filigree.sparsity.algorithm.Evidence;
import dev.filigree.sparsity.algorithm.MaskChoice;
import dev.filigree.sparsity.algorithm.SparsityAlgorithm;
import dev.filigree.torch.Tensors;
import java.util.List;
import java.util.Optional;
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
  private final boolean calibrating;

  /**
   * @param calibrating whether the evidence is of calibration batches, on which no step was made
   */
  MaskUpdater(SparseGroup group, long seed, Optimizer optimizer, boolean calibrating) {
    this.group = group;
    this.algorithm = group.algorithm();
    this.seed = seed;
    this.optimizer = optimizer;
    this.calibrating = calibrating;
  }

  /** Updates the masks of all parameters whose evidence is complete, and reports. */
  void update(long step, List<SparsityListener> listeners) {
    // Replicas agree on the evidence first: how sparse each parameter shall be may depend on it.
    List<SparseParameter> complete =
        group.parameters().stream().filter(each -> each.evidence().isComplete()).toList();
    complete.forEach(parameter -> parameter.evidence().exchange());
    boolean spreads =
        complete.size() == group.parameters().size() || !group.targets().dependOnValues();
    List<UpdateRule> rules = spreads ? group.targets().rules(step, seed, optimizer) : List.of();
    for (int i = 0; i < group.parameters().size(); i++) {
      SparseParameter parameter = group.parameters().get(i);
      if (spreads && complete.contains(parameter)) {
        UpdateRule rule = rules.get(i);
        // A scope for each: replaced values and state go before the next parameter.
        Tensors.inScope(() -> report(parameter, update(parameter, rule), listeners));
      } else {
        LOG.warn(
            "{}: its update after step {} is left out, for want of a gradient or an input",
            parameter.name(),
            step);
      }
    }
  }

  private MaskUpdate update(SparseParameter parameter, UpdateRule rule) {
    ParameterView view = view(parameter, rule.step());
    Tensor before = parameter.mask();
    long keptBefore = parameter.kept();

    Optional<Tensor> chosen =
        algorithm.maskChoice().map(choice -> chosen(choice, parameter, view, rule));
    Tensor after = chosen.orElseGet(() -> scored(parameter, view, rule, before));
    parameter.setMask(after, optimizer);
    parameter.setTarget(rule.sparsity(), chosen.map(Masks::count).orElseGet(rule::kept));
    parameter.evidence().finishUpdate();
    long stayed = Masks.count(before.logical_and(after));
    return new MaskUpdate(
        rule.step(),
        parameter.name(),
        keptBefore - stayed,
        parameter.kept() - stayed,
        parameter.kept(),
        parameter.size(),
        rule.sparsity());
  }

  private Tensor scored(
      SparseParameter parameter, ParameterView view, UpdateRule rule, Tensor before) {
    Tensor left = rule.drop(parameter.requireScores("drop", algorithm.dropScore(view)), before);
    return parameter
        .evidence()
        .candidates()
        .map(candidates -> rule.grow(candidates, left))
        .orElseGet(() -> rule.grow(growScores(parameter, view), left));
  }

  private Tensor chosen(
      MaskChoice choice, SparseParameter parameter, ParameterView view, UpdateRule rule) {
    Tensor mask = parameter.requireMask(choice.choose(view, rule.sparsity(), rule.ties()));
    long most = Counting.kept(parameter.size(), rule.sparsity());
    if (Masks.count(mask) > most) {
      throw new IllegalStateException(
          "%s: its algorithm chose %d weights, where its sparsity %s keeps %d"
              .formatted(parameter.name(), Masks.count(mask), rule.sparsity(), most));
    }
    return mask;
  }

  private ParameterView view(SparseParameter parameter, long step) {
    var view = new ParameterView(parameter, optimizer, step, seed);
    boolean seesAll = calibrating || algorithm.maskChoice().isPresent();
    return seesAll && scoresOneGradient() ? view.withGradient(arrived(parameter)) : view;
  }

  private Tensor growScores(SparseParameter parameter, ParameterView view) {
    boolean beforeStep = !calibrating && scoresOneGradient();
    ParameterView seen = beforeStep ? view.ofGradient(arrived(parameter)) : view;
    return parameter.requireScores("grow", algorithm.growScore(seen));
  }

  private boolean scoresOneGradient() {
    return algorithm.evidence().equals(Evidence.gradient());
  }

  private static Tensor arrived(SparseParameter parameter) {
    return parameter.evidence().arrived().orElseThrow();
  }

  private static void report(
      SparseParameter parameter, MaskUpdate update, List<SparsityListener> listeners) {
    if (update.dropped() > 0 && update.kept() == 0) {
      LOG.warn("{} keeps no weight at all", parameter.name());
    }
    listeners.forEach(listener -> listener.onMaskUpdate(parameter, update));
  }
}
