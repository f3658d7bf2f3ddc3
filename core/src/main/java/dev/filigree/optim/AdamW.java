package dev.filigree.optim;

import dev.filigree.torch.Aten;
import java.util.Collection;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;

/**
 * Adam with decoupled weight decay. Loshchilov and Hutter, "Decoupled Weight Decay Regularization",
 * 2019 (arXiv:1711.05101), algorithm 2.
 */
public final class AdamW extends Adam {
  private static final Aten FUSED = Aten.of("_fused_adamw_", "");

  /** One group of parameters, such as the {@code parameters()} of a module. */
  public AdamW(TensorVector parameters, Options options) {
    super(parameters, options);
  }

  /** One group of parameters, all with the same options. */
  public AdamW(Collection<Tensor> parameters, Options options) {
    super(parameters, options);
  }

  /** Groups with learning rates and weight decays, or all options, of their own. */
  public AdamW(List<ParameterGroup> groups, Options options) {
    super(groups, options);
  }

  /** lr 1e-3, betas 0.9 and 0.999, eps 1e-8, weight decay 0.01, no amsgrad. */
  public static Options options() {
    return new Options(1e-3, 0.9, 0.999, 1e-8, 0.01, false);
  }

  @Override
  Aten fused() {
    return FUSED;
  }

  @Override
  boolean isDecoupled() {
    return true;
  }
}
