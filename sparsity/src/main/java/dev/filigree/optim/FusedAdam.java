package dev.filigree.optim;

import dev.filigree.torch.Aten;
import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** ATen's fused update of Adam or AdamW: one pass over the memory of a parameter and its state. */
final class FusedAdam {
  private static final Aten COUNT = Aten.of("_foreach_add_", "Scalar");
  private final Aten update;

  /**
   * A fused update.
   *
   * @param name {@code _fused_adam_} or {@code _fused_adamw_}
   */
  FusedAdam(String name) {
    update = Aten.of(name, "");
  }

  void update(
      ParameterGroup group,
      double beta1,
      double beta2,
      double eps,
      boolean amsgrad,
      List<Slot> slots) {
    for (List<Slot> kind : Slot.byKind(slots)) {
      List<Tensor> steps = kind.stream().map(FusedAdam::step).toList();
      COUNT.call(steps, 1L);
      update.call(
          kind.stream().map(Slot::parameter).toList(),
          kind.stream().map(Slot::gradient).toList(),
          kind.stream().map(slot -> slot.zeros("exp_avg")).toList(),
          kind.stream().map(slot -> slot.zeros("exp_avg_sq")).toList(),
          amsgrad ? kind.stream().map(slot -> slot.zeros("max_exp_avg_sq")).toList() : List.of(),
          steps,
          group.learningRate(),
          beta1,
          beta2,
          group.weightDecay(),
          eps,
          amsgrad,
          false, // maximize
          null, // grad_scale
          null); // found_inf
    }
  }

  /** The count of steps, where the fused update wants it: beside the parameter. */
  private static Tensor step(Slot slot) {
    Tensor parameter = slot.parameter();
    if (slot.state().containsKey("step")) {
      Tensor step = slot.get("step");
      return step.is_cuda() == parameter.is_cuda()
          ? step
          : slot.create("step", step.to(parameter.device(), ScalarType.Float));
    }
    var options = parameter.options().dtype(new ScalarTypeOptional(ScalarType.Float));
    return slot.create("step", torch.scalar_tensor(new Scalar(0f), options));
  }
}
