package dev.filigree.sparsity;

import dev.filigree.mask.Masks;
import dev.filigree.torch.Tensors;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;

/**
 * The in-time over-parameterisation rate: the share of weights that ever existed during training.
 * Liu et al., "Do We Actually Need Dense Over-Parameterization? In-Time Over-Parameterization in
 * Sparse Training", ICML 2021, section 3: a sparse run that explores enough of the dense model's
 * weights trains as well as the dense model.
 *
 * <p>Counted from the moment it is made: a model that starts dense has a rate of 1 from then on.
 */
public final class OverParameterization implements SparsityListener {
  private final Map<String, Tensor> everActive = new LinkedHashMap<>();

  private OverParameterization() {}

  /** Watches the masks of an optimizer from now on. */
  public static OverParameterization of(SparseOptimizer optimizer) {
    var watching = new OverParameterization();
    Tensors.inScope(() -> optimizer.masks().forEach(watching::add));
    optimizer.addListener(watching);
    return watching;
  }

  @Override
  public void onMaskUpdate(SparseParameter parameter, MaskUpdate update) {
    if (update.grown() > 0) {
      Tensors.inScope(() -> add(parameter.name(), parameter.mask()));
    }
  }

  /** The share over all sparse parameters, a fraction in [density, 1]. */
  public double rate() {
    long active = everActive.values().stream().mapToLong(Masks::count).sum();
    long size = everActive.values().stream().mapToLong(Tensor::numel).sum();
    return (double) active / size;
  }

  /**
   * The share of one parameter.
   *
   * @throws IllegalArgumentException when there is no such sparse parameter
   */
  public double rate(String parameter) {
    Tensor active = everActive.get(parameter);
    if (active == null) {
      throw new IllegalArgumentException(
          "no sparse parameter '" + parameter + "'; there are " + everActive.keySet());
    }
    return (double) Masks.count(active) / active.numel();
  }

  /** Which weights ever existed, by parameter: bool tensors of the weights' shapes, live. */
  public Map<String, Tensor> everActive() {
    return Map.copyOf(everActive);
  }

  /**
   * Adds what existed before, as from a checkpoint of {@link #everActive}.
   *
   * @throws IllegalArgumentException when a name or a shape is not that of a sparse parameter
   */
  public void add(Map<String, Tensor> active) {
    active.forEach(
        (name, mask) -> {
          Tensor known = everActive.get(name);
          if (known == null || !Arrays.equals(Tensors.shape(known), Tensors.shape(mask))) {
            throw new IllegalArgumentException("no sparse parameter '" + name + "' of this shape");
          }
        });
    Tensors.inScope(() -> active.forEach(this::add));
  }

  private void add(String name, Tensor mask) {
    Tensor known = everActive.get(name);
    if (known == null) {
      everActive.put(name, mask.clone().retainReference());
    } else {
      known.logical_or_(mask);
    }
  }
}
