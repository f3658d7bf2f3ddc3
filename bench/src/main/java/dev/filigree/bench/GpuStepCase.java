package dev.filigree.bench;

import static dev.filigree.schedule.UpdateSchedules.every;

import dev.filigree.cuda.CudaDevice;
import dev.filigree.io.Json;
import dev.filigree.nn.Allocation;
import dev.filigree.optim.AdamW;
import dev.filigree.optim.GradientClipping;
import dev.filigree.optim.Optimizer;
import dev.filigree.sparsity.AlgorithmGroup;
import dev.filigree.sparsity.Execution;
import dev.filigree.sparsity.Sparsity;
import dev.filigree.sparsity.SparsityOptions;
import dev.filigree.sparsity.algorithm.RigL;
import dev.filigree.torch.Autocast;
import dev.filigree.torch.Libtorch;
import dev.filigree.torch.Tensors;
import dev.filigree.zoo.data.Batch;
import dev.filigree.zoo.model.LanguageModel;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.GeneratorOptional;
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
  private static final double INITIAL_DEVIATION = 0.02;
  private static final long SEED = 1;

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
      GpuModel shape, String execution, double sparsity, long batchSize, long sequence) {
    var gpu = new Device("cuda");
    model = (LanguageModel) shape.config(sequence).unfilled(SEED, gpu);
    Map<String, Tensor> named = Tensors.namedParameters(model);
    parameters = new ArrayList<>(named.values());
    torch.manual_seed(SEED);
    var adam = new AdamW(parameters, AdamW.options().lr(1e-4));
    if (execution.equals(GpuStepSettings.DENSE)) {
      optimizer = adam;
    } else {
      optimizer =
          Sparsity.wrap(
              model,
              adam,
              AlgorithmGroup.of(
                  RigL.builder()
                      .sparsity(sparsity)
                      .dropFraction(0.3)
                      .update(every(UPDATE_EVERY))
                      .build()),
              SparsityOptions.defaults()
                  .seed(SEED)
                  .execution(Execution.valueOf(execution.toUpperCase(Locale.ROOT)))
                  .values(name -> draw(Objects.requireNonNull(named.get(name), name))));
    }
    parameters.stream().filter(Allocation::isUnfilled).forEach(GpuStepCase::draw);
    long[] size = {batchSize, sequence};
    batch =
        new Batch(
            torch.randint(shape.vocabulary(), size).to(gpu, ScalarType.Long),
            torch.randint(shape.vocabulary(), size).to(gpu, ScalarType.Long),
            null);
  }

  /** Gives a parameter its values on the GPU: large models are made one weight at a time. */
  private static void draw(Tensor parameter) {
    Tensors.inScope(
        () -> {
          Tensor values =
              Tensors.emptyBeside(parameter, ScalarType.Float, Tensors.shape(parameter));
          parameter.set_data(
              parameter.dim() == 2
                  ? values.normal_(0, INITIAL_DEVIATION, new GeneratorOptional())
                  : parameter.contiguous()); // norms begin at one, as they were made
        });
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
              Long.parseLong(args[4]));
      training.model.recomputeActivations(Boolean.parseBoolean(args[6]));
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
