package dev.filigree.sparsity.storage;

import dev.filigree.mask.Masks;
import dev.filigree.nn.WeightedLayer;
import dev.filigree.torch.GradientHook;
import dev.filigree.torch.Tensors;
import java.util.Map;
import java.util.function.BinaryOperator;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/**
 * A dense tensor of which all elements are stored and trained, while the layer multiplies with what
 * is made of it and the mask: straight-through and soft-thresholded weights.
 */
public final class DenseStorage implements Storage {
  private final Tensor weight;
  private final WeightedLayer layer;
  private final BinaryOperator<Tensor> forward;
  private final GradientListener listener;
  private final GradientHook partHook = new PartHook();
  private final GradientHook wholeHook = new WholeHook();
  private final int registration;
  private @Nullable Tensor gradient; // of the backward pass that runs, over the layer's uses in it
  private Tensor mask;
  private long kept;

  /**
   * @param forward what the layer multiplies with, of the stored weight and the mask
   */
  public DenseStorage(
      Tensor weight,
      WeightedLayer layer,
      BinaryOperator<Tensor> forward,
      GradientListener listener) {
    this.weight = weight;
    this.layer = layer;
    this.forward = forward;
    this.listener = listener;
    mask = owned(Tensors.scoped(() -> torch.ones_like(weight).to(ScalarType.Bool)));
    kept = weight.numel();
    registration = weight.register_hook(wholeHook);
    layer.forwardWeight(stored -> heard(forward.apply(stored, mask)));
  }

  /** The gradient of what is multiplied is that of every weight, missing ones too. */
  private Tensor heard(Tensor multiplied) {
    if (!multiplied.requires_grad() || !listener.wantsGradient()) {
      return multiplied;
    }
    Tensor own = multiplied.is_leaf() ? multiplied.view_as(multiplied) : multiplied;
    own.register_hook(partHook);
    return own;
  }

  private static Tensor owned(Tensor tensor) {
    return new Tensor(tensor).retainReference();
  }

  @Override
  public long kept() {
    return kept;
  }

  @Override
  public long structureBytes() {
    return mask.numel();
  }

  @Override
  public Tensor mask() {
    return mask.clone();
  }

  /** What is stored, missing or not: a checkpoint needs it. */
  @Override
  public Tensor toDense(Tensor stored) {
    return stored;
  }

  @Override
  public Tensor fromDense(Tensor dense) {
    return dense;
  }

  @Override
  public void mask(Tensor value, Map<String, Tensor> state) {
    Tensor before = mask;
    Tensors.inScope(() -> mask = owned(value.to(weight.device(), ScalarType.Bool).clone()));
    before.close();
    kept = Masks.count(mask);
  }

  @Override
  public void enforce(Map<String, Tensor> state) {
    // What does not exist is missing from the forward pass only.
  }

  @Override
  public long counted() {
    return Masks.count(mask);
  }

  @Override
  public long nonzeroOutsideMask() {
    return 0;
  }

  /** What the layer multiplies with: a new tensor without a gradient. */
  public Tensor multiplied() {
    try (var _ = new NoGradGuard()) {
      return forward.apply(weight.detach(), mask);
    }
  }

  /** The weight becomes what the layer multiplies with: it computes what it computed. */
  @Override
  public void makeDense(Map<String, Tensor> state) {
    Tensors.inScope(() -> weight.detach().copy_(multiplied()));
  }

  @Override
  public void detach() {
    layer.forwardWeight(null);
    weight.remove_hook(registration);
    wholeHook.close();
    partHook.close();
    forgetGradient();
    mask.close();
  }

  private void forgetGradient() {
    if (gradient != null) {
      gradient.close();
      gradient = null;
    }
  }

  /** Of each use of the layer. */
  private final class PartHook extends GradientHook {
    @Override
    protected Tensor receive(Tensor part) {
      if (gradient == null) {
        gradient = owned(part.clone());
      } else {
        gradient.add_(part);
      }
      return part;
    }
  }

  /** Of the weight: libtorch calls it once a backward pass, after all uses. */
  private final class WholeHook extends GradientHook {
    @Override
    protected Tensor receive(Tensor ofStored) {
      if (gradient != null && listener.wantsGradient()) {
        listener.gradient(gradient);
      }
      forgetGradient();
      return ofStored;
    }
  }
}
