package dev.filigree.optim;

import dev.filigree.torch.Tensors;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Adam's update of a parameter each of whose weights has an age: the number of steps since its
 * state was zero, this one included. The moments of a weight that has just grown are corrected by
 * its own age; by the optimizer's count its first update would be (1 − β₁)/√(1 − β₂) times too
 * large, 3.2 times with the usual decay rates. The update of a weight that came after the first
 * step rises linearly over a warm-up.
 *
 * <p>The ages are the state {@value #NAME}, int16 of the parameter's shape: two bytes a weight. At
 * {@link #OLDEST} they stop, and the optimizer's count takes their place. Factors come from a table
 * by age, so that they do not depend on where a weight is stored.
 */
final class WeightAges {
  /** The name of the state. */
  static final String NAME = "age";

  /** Where counting stops. */
  static final int OLDEST = Short.MAX_VALUE;

  private final int warmup;

  WeightAges(int warmup) {
    if (warmup < 0 || warmup >= OLDEST) {
      throw new IllegalArgumentException(
          "warmup of grown weights must lie in [0, %d], found %d".formatted(OLDEST - 1, warmup));
    }
    this.warmup = warmup;
  }

  void update(Slot slot, ParameterGroup group, Adam.Options options, boolean decoupled) {
    Tensor age = age(slot);
    long step = Math.round(slot.nextStep());
    Tensor rows = age.clamp_max_(new Scalar(OLDEST - 1)).add_(new Scalar(1)).flatten();
    rows = rows.to(ScalarType.Int);
    Tensor gradient =
        slot.regularizedGradient(group.learningRate(), group.weightDecay(), decoupled);
    Tensor mean = slot.mean("exp_avg", options.beta1(), gradient);
    Tensor square = slot.meanSquare("exp_avg_sq", options.beta2(), gradient);
    if (options.amsgrad()) {
      Tensor largest = slot.zeros("max_exp_avg_sq");
      square = largest.copy_(torch.maximum(largest, square));
    }
    int length = (int) Math.min(step, OLDEST) + 1;
    var first = new double[length];
    var second = new double[length];
    for (int i = 1; i < length; i++) {
      boolean asOldAsAll = i == length - 1;
      double steps = asOldAsAll ? step : i;
      double share = asOldAsAll || i >= warmup ? 1 : (double) i / warmup;
      first[i] = share / (1 - Math.pow(options.beta1(), steps));
      second[i] = 1 / Math.sqrt(1 - Math.pow(options.beta2(), steps));
    }
    Tensor denominator =
        square.sqrt().mul_(row(second, rows, square)).add_(new Scalar(options.eps()));
    slot.parameter()
        .addcdiv_(
            row(first, rows, mean).mul_(mean), denominator, new Scalar(-group.learningRate()));
  }

  /** Weights of a state without ages are as old as the optimizer. */
  private static Tensor age(Slot slot) {
    if (!slot.state().containsKey(NAME)) {
      double steps = slot.state().containsKey("step") ? slot.get("step").item_double() : 0;
      slot.create(
          NAME,
          torch
              .full_like(slot.parameter(), new Scalar(Math.min(steps, OLDEST)))
              .to(ScalarType.Short));
    }
    Tensor age = slot.get(NAME);
    if (age.numel() != slot.parameter().numel()) {
      throw new IllegalStateException(
          "%d ages for %d weights".formatted(age.numel(), slot.parameter().numel()));
    }
    return age;
  }

  /** The entries of a table for each weight, in the shape and type of another tensor. */
  private static Tensor row(double[] table, Tensor rows, Tensor like) {
    return Tensors.float64(table)
        .to(like.device(), Tensors.type(like))
        .index_select(0, rows)
        .view_as(like);
  }
}
