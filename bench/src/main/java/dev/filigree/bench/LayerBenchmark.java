package dev.filigree.bench;

import dev.filigree.bench.KernelSettings.Shape;
import dev.filigree.mask.Masks;
import dev.filigree.mask.RandomScores;
import dev.filigree.nn.Linear;
import dev.filigree.optim.AdamW;
import dev.filigree.schedule.UpdateSchedules;
import dev.filigree.sparsity.AlgorithmGroup;
import dev.filigree.sparsity.Execution;
import dev.filigree.sparsity.SparseOptimizer;
import dev.filigree.sparsity.SparseParameter;
import dev.filigree.sparsity.Sparsity;
import dev.filigree.sparsity.SparsityOptions;
import dev.filigree.sparsity.algorithm.RigL;
import dev.filigree.sparsity.storage.SparseLayout;
import dev.filigree.sparsity.storage.SparseProducts;
import dev.filigree.torch.Cuda;
import java.util.List;
import java.util.function.Consumer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorArrayRefOptional;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.DeviceType;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/**
 * Linear layers on a GPU, compressed against dense, in bfloat16 with float32 weights: the products
 * by themselves, the layer within autograd as autocast computes it, a mask update, and memory. A
 * time is that of many repetitions in a row, launching them included, divided by their number.
 */
final class LayerBenchmark {
  private static final int BATCHES = 3; // of which the shortest counts
  private static final int UPDATES = 4;

  private final KernelSettings settings;
  private final Device device;

  /**
   * @throws IllegalArgumentException on a machine whose GPU cannot be used
   */
  LayerBenchmark(KernelSettings settings) {
    this.settings = settings;
    Cuda.obstacle()
        .ifPresent(
            obstacle -> {
              throw new IllegalArgumentException("bench layer needs a GPU: " + obstacle);
            });
    device = new Device("cuda:0").retainReference();
  }

  /** Measures everything; rows as soon as they are measured. */
  void run(Consumer<LayerRow> rows) {
    for (Shape shape : settings.shapes()) {
      for (double sparsity : settings.sparsities()) {
        try (var _ = new PointerScope()) {
          products(shape, sparsity, rows);
        }
        try (var _ = new PointerScope()) {
          layer(shape, sparsity, rows);
        }
      }
    }
  }

  private void products(Shape shape, double sparsity, Consumer<LayerRow> rows) {
    try (var _ = new NoGradGuard();
        var products = SparseProducts.of(device).orElseThrow()) {
      Tensor mask = Masks.topK(random("mask", shape.out(), shape.in()), sparsity);
      SparseLayout layout = products.layout(mask);
      Tensor weight = random("weight", shape.out(), shape.in()).mul(mask);
      Tensor values = layout.gather(weight);
      Tensor dense = weight.to(ScalarType.BFloat16);
      Tensor x = random("x", shape.tokens(), shape.in()).to(ScalarType.BFloat16);
      Tensor dy = random("dy", shape.tokens(), shape.out()).to(ScalarType.BFloat16);
      SparseProducts.Packed in = products.pack(x);
      SparseProducts.Packed out = products.pack(dy);
      rows.accept(
          row("forward", shape, sparsity)
              .of(
                  seconds(() -> products.forward(layout, values, in)),
                  seconds(() -> x.mm(dense.t()))));
      rows.accept(
          row("input_gradient", shape, sparsity)
              .of(
                  seconds(() -> products.inputGradient(layout, values, out)),
                  seconds(() -> dy.mm(dense))));
      rows.accept(
          row("weight_gradient", shape, sparsity)
              .of(
                  seconds(() -> products.weightGradient(layout, out, in)),
                  seconds(() -> dy.t().mm(x))));
      in.release();
      out.release();
      layout.close();
    }
  }

  /** Forward and backward pass, mask update and memory of a layer that trains. */
  private void layer(Shape shape, double sparsity, Consumer<LayerRow> rows) {
    Tensor x =
        random("x", shape.tokens(), shape.in()).to(ScalarType.BFloat16).set_requires_grad(true);
    Tensor dy = random("dy", shape.tokens(), shape.out()).to(ScalarType.BFloat16);
    Linear dense = linear(shape);
    double denseSeconds = seconds(() -> pass(dense, x, dy));
    dense.weight().mutable_grad().reset();

    Linear compressed = linear(shape);
    var inner = new AdamW(List.of(compressed.weight()), AdamW.options().lr(1e-3));
    var rigl =
        RigL.builder()
            .sparsity(sparsity)
            .dropFraction(0.3)
            .update(UpdateSchedules.every(2))
            .build();
    var options = SparsityOptions.defaults().execution(Execution.COMPRESSED);
    try (SparseOptimizer optimizer =
        Sparsity.wrap(compressed, inner, AlgorithmGroup.of(rigl), options)) {
      rows.accept(
          row("layer", shape, sparsity).of(seconds(() -> pass(compressed, x, dy)), denseSeconds));
      double ordinary = Double.POSITIVE_INFINITY;
      double updating = Double.POSITIVE_INFINITY;
      for (int i = 0; i < 2 * UPDATES; i++) {
        boolean updates = optimizer.stepCount() % 2 == 1;
        double seconds = once(() -> step(optimizer, compressed, x, dy));
        ordinary = updates ? ordinary : Math.min(ordinary, seconds);
        updating = updates ? Math.min(updating, seconds) : updating;
      }
      rows.accept(row("mask_update", shape, sparsity).of(updating - ordinary, null));
      rows.accept(
          new LayerRow(
              "bytes_a_weight",
              shape.tokens(),
              shape.in(),
              shape.out(),
              sparsity,
              bytes(optimizer),
              4.0 * Float.BYTES));
    }
  }

  /** Of weight, gradient, AdamW's two moments and positions, for each element of the weight. */
  private static double bytes(SparseOptimizer optimizer) {
    SparseParameter parameter = optimizer.parameters().getFirst();
    long values = parameter.weight().numel() + parameter.weight().grad().numel();
    for (Tensor state : optimizer.state(parameter.weight()).values()) {
      values += state.numel();
    }
    return (double) (Float.BYTES * values + parameter.structureBytes()) / parameter.size();
  }

  private Linear linear(Shape shape) {
    var linear = new Linear(shape.in(), shape.out(), false);
    linear.to(device, false);
    return linear;
  }

  private static void step(SparseOptimizer optimizer, Linear linear, Tensor x, Tensor dy) {
    optimizer.zeroGrad();
    pass(linear, x, dy);
    optimizer.step();
  }

  private static void pass(Linear linear, Tensor x, Tensor dy) {
    try (var _ = new PointerScope()) {
      x.mutable_grad().reset();
      torch.set_autocast_dtype(DeviceType.CUDA, ScalarType.BFloat16);
      torch.set_autocast_enabled(DeviceType.CUDA, true);
      Tensor y = linear.forward(x);
      torch.set_autocast_enabled(DeviceType.CUDA, false);
      torch.clear_cache();
      y.backward(dy, new BoolOptional(), false, new TensorArrayRefOptional());
    }
  }

  private Tensor random(String name, long... shape) {
    return RandomScores.of(1, name, 0).tensor(device, shape).sub(new Scalar(0.5));
  }

  /** The mean time of a repetition, in seconds. */
  private double seconds(Runnable work) {
    repeat(work, 2);
    double best = Double.POSITIVE_INFINITY;
    for (int i = 0; i < BATCHES; i++) {
      best = Math.min(best, once(() -> repeat(work, settings.rounds())) / settings.rounds());
    }
    return best;
  }

  private static void repeat(Runnable work, int times) {
    for (int i = 0; i < times; i++) {
      try (var _ = new PointerScope()) {
        work.run();
      }
    }
  }

  private static double once(Runnable work) {
    torch.cuda_synchronize();
    long start = System.nanoTime();
    work.run();
    torch.cuda_synchronize();
    return 1e-9 * (System.nanoTime() - start);
  }

  private static Row row(String what, Shape shape, double sparsity) {
    return (compressed, dense) ->
        new LayerRow(
            what,
            shape.tokens(),
            shape.in(),
            shape.out(),
            sparsity,
            1e3 * compressed,
            dense == null ? null : 1e3 * dense);
  }

  /** A row without its times. */
  @FunctionalInterface
  private interface Row {
    LayerRow of(double compressed, @Nullable Double dense);
  }
}
