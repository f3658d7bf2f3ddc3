package dev.filigree.optim;

import dev.filigree.torch.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * A parameter to be updated, as {@link AbstractOptimizer#update} sees it.
 *
 * @param parameter the weights
 * @param gradient their gradient, dense, of the same shape and layout
 * @param state the state tensors by name, live
 */
public record Slot(Tensor parameter, Tensor gradient, Map<String, Tensor> state) {

  /** The state tensor of a name; zeros of the parameter's shape the first time. */
  public Tensor zeros(String name) {
    return zerosLike(name, parameter);
  }

  /** The state tensor of a name; zeros of another tensor's shape the first time. */
  public Tensor zerosLike(String name, Tensor other) {
    if (!state.containsKey(name)) {
      return create(name, torch.zeros_like(other));
    }
    Tensor tensor = get(name);
    // The fused updates read past the end of a state that is too short.
    if (tensor.numel() != other.numel()) {
      throw new IllegalStateException(
          "optimizer state "
              + name
              + " has the shape "
              + Arrays.toString(Tensors.shape(tensor))
              + ", its parameter needs "
              + Arrays.toString(Tensors.shape(other)));
    }
    return tensor;
  }

  /** The state tensor of a name; full of a value the first time. */
  public Tensor filled(String name, double value) {
    return state.containsKey(name)
        ? get(name)
        : create(name, torch.full_like(parameter, new Scalar(value)));
  }

  /** The state number of a name, a float32 scalar in CPU memory, with its initial value. */
  public Tensor number(String name, double initial) {
    return state.containsKey(name)
        ? get(name)
        : create(name, torch.scalar_tensor(new Scalar((float) initial)));
  }

  /** The running mean of a name with a new value in it: decay·mean + (1 − decay)·value. */
  public Tensor mean(String name, double decay, Tensor value) {
    return zeros(name).lerp_(value, new Scalar(1 - decay));
  }

  /** The running mean of squares of a name with those of a new value in it. */
  public Tensor meanSquare(String name, double decay, Tensor value) {
    return zeros(name).mul_(new Scalar(decay)).addcmul_(value, value, new Scalar(1 - decay));
  }

  /** Counts this step: the number of steps of the parameter, this one included. */
  public double nextStep() {
    Tensor step = number("step", 0);
    step.add_(new Scalar(1));
    return step.item_double();
  }

  /** The gradient of the loss plus the L2 penalty, a new tensor unless the weight decay is zero. */
  public Tensor penalizedGradient(double weightDecay) {
    return weightDecay == 0 ? gradient : gradient.add(parameter, new Scalar(weightDecay));
  }

  /** The gradient after weight decay of either kind. */
  public Tensor regularizedGradient(double lr, double weightDecay, boolean decoupled) {
    if (decoupled) {
      decay(lr, weightDecay);
      return gradient;
    }
    return penalizedGradient(weightDecay);
  }

  /** Shrinks the weights by lr·weightDecay, apart from the gradient ("decoupled"). */
  public void decay(double lr, double weightDecay) {
    if (weightDecay != 0) {
      parameter.mul_(new Scalar(1 - lr * weightDecay));
    }
  }

  /** The distance from 1 to the next number of the parameter's type. */
  double machineEpsilon() {
    return switch (Tensors.type(parameter)) {
      case Double -> 0x1p-52;
      case Half -> 0x1p-10;
      case BFloat16 -> 0x1p-7;
      default -> 0x1p-23;
    };
  }

  Tensor create(String name, Tensor initial) {
    state.put(name, initial);
    return get(name);
  }

  Tensor get(String name) {
    Tensor tensor = state.get(name);
    if (tensor == null) {
      throw new IllegalStateException("optimizer state lacks " + name + ", has " + state.keySet());
    }
    return tensor;
  }

  /** Splits slots into those of one type on one device: what a fused update takes at once. */
  static Collection<List<Slot>> byKind(List<Slot> slots) {
    record Kind(ScalarType type, boolean cuda, int device) {}
    var kinds = new LinkedHashMap<Kind, List<Slot>>();
    for (Slot slot : slots) {
      boolean cuda = slot.parameter.is_cuda();
      int device = cuda ? slot.parameter.device().index() : 0;
      var kind = new Kind(Tensors.type(slot.parameter), cuda, device);
      kinds.computeIfAbsent(kind, key -> new ArrayList<>()).add(slot);
    }
    return kinds.values();
  }
}
