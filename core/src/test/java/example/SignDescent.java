package example;

import dev.filigree.optim.AbstractOptimizer;
import dev.filigree.optim.OptimizerOptions;
import dev.filigree.optim.ParameterGroup;
import dev.filigree.optim.Slot;
import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/** A step of one size along the sign of the mean of the gradients. */
public final class SignDescent extends AbstractOptimizer<SignDescent.Options> {
  public record Options(double lr, double weightDecay, double momentum)
      implements OptimizerOptions.Of<Options> {}

  public SignDescent(List<ParameterGroup> groups, Options options) {
    super(groups, options);
  }

  @Override
  protected void update(ParameterGroup group, Options options, List<Slot> slots) {
    for (Slot slot : slots) {
      Tensor mean = slot.mean("mean", options.momentum, slot.gradient());
      slot.decay(group.learningRate(), group.weightDecay());
      slot.parameter().add_(mean.sign(), new Scalar(-group.learningRate()));
    }
  }

  @Override
  public boolean keepsZeros() {
    return true;
  }
}
