package dev.filigree.torch;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.GradMode;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/**
 * A differentiable operation whose forward and backward are computed by hand, inside libtorch's
 * autograd. libtorch's own custom functions cannot be written from Java.
 *
 * <p>How: a carrier tensor, which autograd sees as the sum of all elements of the inputs expanded
 * to the shape of the output, takes the output as its data. When the carrier's gradient arrives,
 * one hook computes the gradients of the inputs, and another hook at each input replaces the
 * carrier's gradient by the computed one. The sums, forward and back, are over a single expanded
 * element, so that the carrier neither reads nor allocates memory.
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
   * Makes an output differentiable, and reports when its saved values are no longer needed.
   *
   * @param released runs once: when a backward pass over a graph that is not retained has used
   *     {@code backward}, or after the graph was dropped without one
   */
  public static Tensor apply(
      Tensor input, Tensor output, UnaryOperator<Tensor> backward, Runnable released) {
    return apply(List.of(input), output, gradient -> List.of(backward.apply(gradient)), released);
  }

  /**
   * Makes an output of several inputs differentiable.
   *
   * @param inputs what the output was computed from, different tensors on one device
   * @param backward from the gradient of the output to that of each input, in their order
   */
  public static Tensor apply(
      List<Tensor> inputs,
      Tensor output,
      Function<Tensor, List<Tensor>> backward,
      Runnable released) {
    if (!GradMode.is_enabled()) {
      released.run();
      return output;
    }
    List<Tensor> gates = inputs.stream().map(CustomFunction::gate).toList();
    Tensor sum = sum(gates, Tensors.type(output));
    GraphLife life = GraphLife.of(sum, released);
    Tensor scalar = life.with(sum);
    Tensor carrier = scalar.expand(Tensors.shape(output), false);
    carrier.set_data(output);
    var results = new ArrayList<AtomicReference<@Nullable Tensor>>();
    for (Tensor gate : gates) {
      var result = new AtomicReference<@Nullable Tensor>();
      results.add(result);
      life.hook(gate, new Replace(life, result));
    }
    life.hook(carrier, new Compute(life, backward, results));
    // The graph holds what it needs; these Java objects must not hold its memory.
    gates.forEach(Tensor::close);
    sum.close();
    scalar.close();
    return carrier;
  }

  /** The input under another name, where its gradient is replaced. */
  private static Tensor gate(Tensor input) {
    Tensor source = input.requires_grad() ? input : input.detach().set_requires_grad(true);
    Tensor gate = source.view_as(source);
    gate.set_data(zeros(gate));
    return gate;
  }

  /** Zeros of a tensor's shape and type, stored as one element. */
  private static Tensor zeros(Tensor like) {
    try (var _ = new NoGradGuard()) {
      return like.new_zeros().expand(Tensors.shape(like), false);
    }
  }

  private static Tensor sum(List<Tensor> gates, ScalarType type) {
    Tensor sum = sum(gates.getFirst(), type);
    for (Tensor gate : gates.subList(1, gates.size())) {
      sum = sum.add(sum(gate, type));
    }
    return sum;
  }

  private static Tensor sum(Tensor gate, ScalarType type) {
    // In its own type under autocast too: the gradient of a conversion would be written whole.
    Tensor sum = gate.sum(new ScalarTypeOptional(gate.scalar_type()));
    return Tensors.type(sum) == type ? sum : sum.to(type);
  }

  /** At the output: computes the gradients of the inputs. */
  private static final class Compute extends GradientHook {
    private final GraphLife life;
    private final Function<Tensor, List<Tensor>> backward;
    private final List<AtomicReference<@Nullable Tensor>> results;

    Compute(
        GraphLife life,
        Function<Tensor, List<Tensor>> backward,
        List<AtomicReference<@Nullable Tensor>> results) {
      this.life = life;
      this.backward = backward;
      this.results = results;
    }

    @Override
    protected Tensor receive(Tensor gradient) {
      if (!life.expectsBackward()) {
        throw new IllegalStateException(
            "a second backward pass over one graph: the first must be told to retain it");
      }
      List<Tensor> gradients = backward.apply(gradient);
      for (int i = 0; i < results.size(); i++) {
        results.get(i).set(new Tensor(gradients.get(i)).retainReference());
      }
      return zeros(gradient);
    }
  }

  /** At an input: replaces the carrier's gradient by the computed one. */
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
