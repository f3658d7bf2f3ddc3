package dev.filigree.zoo.model;

import dev.filigree.torch.CustomFunction;
import dev.filigree.torch.Tensors;
import java.util.function.UnaryOperator;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.AutoGradMode;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.Generator;
import org.bytedeco.pytorch.GradMode;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorArrayRefOptional;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.DeviceType;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * What the backward pass through the blocks of a network starts from: the activations that the
 * forward pass left, or, to save their memory, the input of each block alone, from which the block
 * is computed again (Chen et al. 2016, arXiv:1604.06174). The gradients are the same to the bit:
 * dropout draws the same numbers again, 16-bit products are 16-bit again. On the CPU.
 */
final class Activations {
  private boolean recomputed;

  void recomputed(boolean value) {
    recomputed = value;
  }

  /** The output of a block, which must depend on its input, its parameters and chance alone. */
  Tensor of(Tensor input, UnaryOperator<Tensor> block) {
    if (!recomputed || !GradMode.is_enabled()) {
      return block.apply(input);
    }
    var context = new Context();
    Tensor output = Tensors.scoped(() -> block.apply(input));
    return CustomFunction.apply(input, output, gradient -> context.again(input, block, gradient));
  }

  /** What a block computes with besides tensors, as it was in the forward pass. */
  private static final class Context {
    private final boolean autocast;
    private final ScalarType autocastType;
    private final Generator generator = torch.getDefaultCPUGenerator();
    private final Tensor random;

    Context() {
      autocast = torch.is_autocast_enabled(DeviceType.CPU);
      autocastType = torch.get_autocast_dtype(DeviceType.CPU);
      random = generator.get_state();
    }

    /** Runs the block again, and its backward pass; the gradient of its input. */
    Tensor again(Tensor input, UnaryOperator<Tensor> block, Tensor gradient) {
      Tensor result;
      try (var _ = new PointerScope()) {
        Tensor x = input.detach().set_requires_grad(true);
        Tensor now = generator.get_state();
        generator.set_state(random);
        Tensor y = forward(x, block);
        generator.set_state(now);
        y.backward(gradient, new BoolOptional(), false, new TensorArrayRefOptional());
        result = new Tensor(x.grad()).retainReference();
      }
      PointerScope outer = PointerScope.getInnerScope();
      if (outer != null) {
        outer.attach(result);
        result.releaseReference();
      }
      return result;
    }

    private Tensor forward(Tensor x, UnaryOperator<Tensor> block) {
      if (autocast) {
        torch.set_autocast_dtype(DeviceType.CPU, autocastType);
        torch.set_autocast_enabled(DeviceType.CPU, true);
        torch.increment_nesting();
      }
      try (var _ = new AutoGradMode(true)) {
        return block.apply(x);
      } finally {
        if (autocast) {
          torch.set_autocast_enabled(DeviceType.CPU, false);
          if (torch.decrement_nesting() == 0) {
            torch.clear_cache();
          }
        }
      }
    }
  }
}
