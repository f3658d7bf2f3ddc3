package dev.filigree.torch;

import java.util.concurrent.atomic.AtomicReference;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.GradMode;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/**
 * A differentiable operation whose forward and backward are computed by hand, inside libtorch's
 * autograd. libtorch's own custom functions cannot be written from Java.
 *
 * <p>How: a carrier that autograd believes to be computed from the input, sum(x) expanded to the
 * shape of the output, takes the output as its data. When the carrier's gradient arrives, a hook
 * computes the input's gradient, and a hook on the input's side puts it in place of the carrier's
 * own. The carrier costs one pass over the input and one over the output's gradient on a CPU, none
 * on a GPU, and no memory.
 *
 * <p>The hooks live exactly as long as the graph: with a pointer scope or without one, run backward
 * once, several times ({@code retain_graph}) or never.
 */
public final class CustomFunction {
  private CustomFunction() {}

  /**
   * Makes an output differentiable.
   *
   * @param input what the output was computed from
   * @param output the result, on the same device; not to be used for anything else
   * @param backward from the gradient of the output to that of the input, of the input's shape; may
   *     also add to the gradients of parameters. Runs in a pointer scope of its own; tensors that
   *     it uses must live as long as the graph
   * @return the output, with a gradient function
   */
  public static Tensor apply(Tensor input, Tensor output, UnaryOperator<Tensor> backward) {
    return apply(input, output, backward, () -> {});
  }

  /**
   * Makes an output differentiable, and says when nothing of it is needed any more.
   *
   * @param released runs once: when a backward pass over a graph that is not retained has used
   *     {@code backward}, or after the graph was dropped without one
   */
  public static Tensor apply(
      Tensor input, Tensor output, UnaryOperator<Tensor> backward, Runnable released) {
    if (!GradMode.is_enabled()) {
      released.run();
      return output;
    }
    Tensor source = input.requires_grad() ? input : input.detach().set_requires_grad(true);
    Tensor gate = source.view_as(source);
    if (gate.is_cuda()) {
      gate.set_data(zeros(gate));
    }
    // Of the output's type: left open, autocast would make it float32.
    Tensor sum = gate.sum(new ScalarTypeOptional(Tensors.type(output)));
    GraphLife life = GraphLife.of(sum, released);
    Tensor scalar = life.with(sum);
    Tensor carrier = scalar.expand(Tensors.shape(output), false);
    carrier.set_data(output);
    var result = new AtomicReference<@Nullable Tensor>();
    life.hook(carrier, new Compute(life, backward, result));
    life.hook(gate, new Replace(life, result));
    // The graph has what it needs; its memory is not held by these objects.
    gate.close();
    sum.close();
    scalar.close();
    return carrier;
  }

  /**
   * Zeros in the form of a tensor, in the memory of one: whatever the carrier sums is replaced, and
   * need not be read where memory is what takes time.
   */
  private static Tensor zeros(Tensor like) {
    return torch.zeros(new long[0], like.options()).expand(Tensors.shape(like));
  }

  /** On the output's side: computes the gradient of the input. */
  private static final class Compute extends GradientHook {
    private final GraphLife life;
    private final UnaryOperator<Tensor> backward;
    private final AtomicReference<@Nullable Tensor> result;

    Compute(
        GraphLife life, UnaryOperator<Tensor> backward, AtomicReference<@Nullable Tensor> result) {
      this.life = life;
      this.backward = backward;
      this.result = result;
    }

    @Override
    protected Tensor receive(Tensor gradient) {
      if (!life.expectsBackward()) {
        throw new IllegalStateException(
            "a second backward pass over one graph: the first must be told to retain it");
      }
      result.set(new Tensor(backward.apply(gradient)).retainReference());
      return gradient.is_cuda() ? zeros(gradient) : gradient;
    }
  }

  /** On the input's side: puts the computed gradient in place of the carrier's. */
  private static final class Replace extends GradientHook {
    private final GraphLife life;
    private final AtomicReference<@Nullable Tensor> result;

    Replace(GraphLife life, AtomicReference<@Nullable Tensor> result) {
      this.life = life;
      this.result = result;
    }

    @Override
    protected Tensor receive(Tensor gradient) {
      life.release();
      try (Tensor computed = result.getAndSet(null)) {
        return computed == null ? gradient : new Tensor(computed);
      }
    }
  }
}
