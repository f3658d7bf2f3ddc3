package dev.filigree.zoo.model;

import dev.filigree.nn.Layer;
import dev.filigree.torch.Autocast;
import dev.filigree.torch.CustomFunction;
import dev.filigree.torch.Tensors;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.BiFunction;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.AutoGradMode;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.Generator;
import org.bytedeco.pytorch.GradMode;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorArrayRefOptional;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.DeviceType;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/**
 * What the backward pass through the blocks of a network starts from: the activations that the
 * forward pass left, or, to save their memory, the input of each block alone, from which the block
 * is computed again (Chen et al. 2016, arXiv:1604.06174). The gradients are the same to the bit:
 * dropout draws the same numbers again, 16-bit products are 16-bit again.
 *
 * <p>Either way a block's tensors belong to a pointer scope of its own: Java holds none of them
 * when the block is done, and the backward pass frees what autograd saved as it goes.
 */
final class Activations {
  private boolean recomputed;
  private boolean takenApart;
  private @Nullable Blocks blocks;

  void recomputed(boolean value) {
    recomputed = value;
  }

  /**
   * The output of blocks one after the other.
   *
   * @param x the first one's input
   * @param forward a block's output, which must depend on its input, its parameters and chance
   *     alone
   */
  <B extends Layer> Tensor through(
      Iterable<B> layers, Tensor x, BiFunction<B, Tensor, Tensor> forward) {
    if (takenApart) {
      blocks = new Blocks(x, blocksOf(layers, forward));
      return x;
    }
    Tensor input = x;
    boolean isOurs = false; // the first one's input is the caller's
    for (B block : layers) {
      Tensor output = of(input, tensor -> forward.apply(block, tensor));
      if (isOurs) {
        input.close();
      }
      input = output;
      isOurs = true;
    }
    return input;
  }

  /**
   * What a network goes {@link #through}, without going through it.
   *
   * @param network runs the network, whose blocks then hand on what they get
   */
  Blocks takeApart(Runnable network) {
    takenApart = true;
    try {
      network.run();
      return Objects.requireNonNull(blocks, "the network has no blocks");
    } finally {
      takenApart = false;
      blocks = null;
    }
  }

  private static <B extends Layer> List<Blocks.Block> blocksOf(
      Iterable<B> blocks, BiFunction<B, Tensor, Tensor> forward) {
    var all = new ArrayList<Blocks.Block>();
    blocks.forEach(block -> all.add(new Blocks.Block(block, x -> forward.apply(block, x))));
    return all;
  }

  private Tensor of(Tensor input, UnaryOperator<Tensor> block) {
    if (!recomputed || !GradMode.is_enabled()) {
      return Tensors.kept(() -> block.apply(input));
    }
    Tensor held = new Tensor(input).retainReference();
    var context = new Context(held);
    Tensor output = Tensors.scoped(() -> block.apply(held));
    return CustomFunction.apply(
        List.of(held),
        output,
        gradient -> List.of(context.again(held, block, gradient)),
        held::close);
  }

  /** What a block computes with besides tensors, as it was in the forward pass. */
  private static final class Context {
    private final DeviceType device;
    private final ScalarType autocast;
    private final Generator generator;
    private final Tensor random;

    Context(Tensor input) {
      device = input.device().type();
      autocast = Autocast.type(device);
      generator = torch.globalContext().defaultGenerator(input.device());
      random = generator.get_state();
    }

    /** Runs the block again, and its backward pass; the gradient of its input. */
    Tensor again(Tensor input, UnaryOperator<Tensor> block, Tensor gradient) {
      return Tensors.kept(
          () -> {
            Tensor x = input.detach().set_requires_grad(true);
            Tensor now = generator.get_state();
            generator.set_state(random);
            Tensor y = forward(x, block);
            generator.set_state(now);
            y.backward(gradient, new BoolOptional(), false, new TensorArrayRefOptional());
            return x.grad();
          });
    }

    private Tensor forward(Tensor x, UnaryOperator<Tensor> block) {
      try (var _ = Autocast.open(device, autocast);
          var _ = new AutoGradMode(true)) {
        return block.apply(x);
      }
    }
  }
}
