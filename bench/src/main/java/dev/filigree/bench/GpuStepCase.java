package dev.filigree.bench;

import dev.filigree.cuda.CudaDevice;
import dev.filigree.io.Json;
import dev.filigree.optim.AdamW;
import dev.filigree.optim.GradientClipping;
import dev.filigree.optim.GradientExchange;
import dev.filigree.optim.Optimizer;
import dev.filigree.torch.Autocast;
import dev.filigree.torch.Libtorch;
import dev.filigree.zoo.data.Batch;
import dev.filigree.zoo.model.LanguageModel;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.DeviceType;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/** One case of {@link GpuStepBenchmark}, in a process of its own. */
final class GpuStepCase {
  /** In a sparse case every so many steps end with a mask update; the others are the plain ones. */
  private static final int UPDATE_EVERY = 4;

  /** Steps until the JVM has compiled what a step runs; the last one ends with an update. */
  private static final int WARM_UP = 2 * UPDATE_EVERY;

  private static final double CLIP = 1;

  private final LanguageModel model;
  private final List<Tensor> parameters;
  private final Optimizer optimizer;
  private final Batch batch;

  /**
   * What was measured.
   *
   * @param obstacle why nothing was; null where it was
   */
  record Figures(
      @Nullable String obstacle,
      @Nullable Double seconds,
      @Nullable Double maskUpdateSeconds,
      @Nullable Long memoryBytes) {
    static Figures none(String obstacle) {
      return new Figures(obstacle, null, null, null);
    }
  }

  private GpuStepCase(
      GpuModel shape,
      String execution,
      double sparsity,
      long batchSize,
      long sequence,
      boolean recompute) {
    var gpu = new Device("cuda");
    var network = new RandomNetwork(shape.config(sequence), gpu, recompute);
    model = network.model();
    parameters = network.parameters();
    var adam = new AdamW(parameters, AdamW.options().lr(1e-4));
    if (execution.equals(GpuStepSettings.DENSE)) {
      network.fill();
      optimizer = adam;
    } else {
      optimizer = network.wrap(adam, execution, sparsity, UPDATE_EVERY, GradientExchange.none());
    }
    batch = RandomNetwork.batch(shape.vocabulary(), batchSize, sequence, gpu);
  }

  /**
   * Measures a case and prints its {@link Figures}; the arguments are those that the benchmark
   * passes.
   */
  public static void main(String[] args) {
    Libtorch.prepare();
    Figures figures;
    try (var _ = new PointerScope()) {
      var training =
          new GpuStepCase(
              GpuModel.of(args[0]),
              args[1],
              Double.parseDouble(args[2]),
              Long.parseLong(args[3]),
              Long.parseLong(args[4]),
              Boolean.parseBoolean(args[6]));
      figures = training.measure(Integer.parseInt(args[5]), !args[1].equals(GpuStepSettings.DENSE));
    } catch (RuntimeException e) {
      String message = String.valueOf(e.getMessage());
      figures = Figures.none(message.lines().findFirst().orElse(e.toString()));
    }
    System.out.println(Json.line(figures));
  }

  private Figures measure(int rounds, boolean sparse) {
    var plain = new ArrayList<Double>();
    var updates = new ArrayList<Double>();
    for (int i = 0; i < WARM_UP; i++) {
      seconds();
    }
    for (int i = 1; plain.size() < rounds; i++) {
      (sparse && i % UPDATE_EVERY == 0 ? updates : plain).add(seconds());
    }
    return new Figures(
        null,
        median(plain),
        updates.isEmpty() ? null : Math.max(0, median(updates) - median(plain)),
        CudaDevice.of(0).memoryInUse());
  }

  /** One step, with all that it left to the GPU. */
  private double seconds() {
    long start = System.nanoTime();
    try (var _ = new PointerScope()) {
      optimizer.zeroGrad();
      Tensor loss;
      try (var _ = Autocast.open(DeviceType.CUDA, ScalarType.BFloat16)) {
        loss = model.loss(batch);
      }
      loss.backward();
      double norm = GradientClipping.clipNorm(parameters, CLIP);
      if (!Double.isFinite(norm + loss.item_double())) {
        throw new IllegalStateException("the loss or a gradient is not finite");
      }
      optimizer.step();
    }
    torch.cuda_synchronize();
    return (System.nanoTime() - start) / 1e9;
  }

  private static double median(List<Double> values) {
    double[] sorted = values.stream().mapToDouble(Double::doubleValue).sorted().toArray();
    return sorted[sorted.length / 2];
  }
}
