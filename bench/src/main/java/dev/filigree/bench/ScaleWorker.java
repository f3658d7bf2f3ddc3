package dev.filigree.bench;

import static dev.filigree.schedule.UpdateSchedules.every;

import dev.filigree.distributed.GradientBuckets;
import dev.filigree.distributed.KeptPositions;
import dev.filigree.distributed.Rendezvous;
import dev.filigree.distributed.ReplicaGroup;
import dev.filigree.io.Json;
import dev.filigree.optim.AdamW;
import dev.filigree.optim.GradientClipping;
import dev.filigree.optim.Optimizer;
import dev.filigree.optim.Replica;
import dev.filigree.sparsity.AlgorithmGroup;
import dev.filigree.sparsity.Execution;
import dev.filigree.sparsity.KeptGradients;
import dev.filigree.sparsity.SparseOptimizer;
import dev.filigree.sparsity.Sparsity;
import dev.filigree.sparsity.SparsityOptions;
import dev.filigree.sparsity.algorithm.RigL;
import dev.filigree.torch.Autocast;
import dev.filigree.torch.Libtorch;
import dev.filigree.torch.Tensors;
import dev.filigree.zoo.data.Batch;
import dev.filigree.zoo.model.LanguageModel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.GeneratorOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.DeviceType;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/** One of the workers of {@link ScaleBenchmark}, in a process of its own. */
final class ScaleWorker {
  /** None of them in the measurement; the last one ends before it. */
  private static final int WARM_UP = 6;

  /** Longer than the measurement: what a mask update takes is another benchmark's. */
  private static final int UPDATE_EVERY = 1_000_000;

  private static final Duration TIMEOUT = Duration.ofMinutes(2);
  private static final double CLIP = 1;
  private static final double INITIAL_DEVIATION = 0.02;
  private static final long SEED = 1;

  private final ScaleSettings settings;
  private final ReplicaGroup group;
  private final LanguageModel model;
  private final List<Tensor> parameters;
  private final Optimizer optimizer;
  private final GradientBuckets buckets;
  private final Batch batch;

  /**
   * What was measured.
   *
   * @param obstacle why nothing was; null where it was
   * @param bytes that a step exchanges
   * @param kept elements that the optimizer updates
   * @param waitedSeconds of a step, mean
   */
  record Figures(
      @Nullable String obstacle,
      @Nullable Double seconds,
      @Nullable Long bytes,
      @Nullable Long kept,
      @Nullable Double waitedSeconds) {
    static Figures none(String obstacle) {
      return new Figures(obstacle, null, null, null, null);
    }
  }

  private ScaleWorker(ScaleSettings settings, ReplicaGroup group) {
    this.settings = settings;
    this.group = group;
    model = (LanguageModel) settings.config().allocate();
    var device = new Device(settings.cuda() ? "cuda" : "cpu");
    model.to(device, false);
    parameters = new ArrayList<>(Tensors.namedParameters(model).values());
    torch.manual_seed(SEED); // the same weights everywhere
    Tensors.inScope(
        () ->
            parameters.stream()
                .filter(parameter -> parameter.dim() == 2)
                .forEach(
                    parameter -> parameter.normal_(0, INITIAL_DEVIATION, new GeneratorOptional())));
    var adam = new AdamW(parameters, AdamW.options().lr(1e-4));
    optimizer = settings.execution().equals("dense") ? adam : sparse(adam);
    buckets =
        new GradientBuckets(
            group,
            parameters,
            optimizer instanceof SparseOptimizer sparse
                ? new KeptGradients(sparse)
                : KeptPositions.all(),
            settings.wire().elements());
    torch.manual_seed(group.replica().seed(SEED));
    long[] size = {settings.batch(), settings.sequence()};
    batch = new Batch(tokens(size, device), tokens(size, device), null);
  }

  private Optimizer sparse(Optimizer dense) {
    return Sparsity.wrap(
        model,
        dense,
        AlgorithmGroup.of(
            RigL.builder()
                .sparsity(settings.sparsity())
                .dropFraction(0.3)
                .update(every(UPDATE_EVERY))
                .build()),
        SparsityOptions.defaults()
            .seed(SEED)
            .execution(Execution.valueOf(settings.execution().toUpperCase(Locale.ROOT)))
            .exchange(group));
  }

  private Tensor tokens(long[] size, Device device) {
    return torch.randint(settings.vocabularySize(), size).to(device, ScalarType.Long);
  }

  /**
   * Measures and, the first worker alone, prints {@link Figures}.
   *
   * @param args rank, workers, port, and the settings
   */
  public static void main(String[] args) {
    Libtorch.prepare();
    var replica = new Replica(Integer.parseInt(args[0]), Integer.parseInt(args[1]));
    var where = new Rendezvous(replica, "127.0.0.1", Integer.parseInt(args[2]), 0);
    ScaleSettings settings = ScaleSettings.parse(Arrays.asList(args).subList(3, args.length));
    Figures figures;
    try (var _ = new PointerScope();
        var group = ReplicaGroup.join(where, TIMEOUT)) {
      figures = new ScaleWorker(settings, group).measure();
      group.barrier();
    } catch (RuntimeException e) {
      String message = String.valueOf(e.getMessage());
      figures = Figures.none(message.lines().findFirst().orElse(e.toString()));
    }
    if (replica.writes()) {
      System.out.println(Json.line(figures));
    } else if (figures.obstacle() != null) {
      System.err.println("worker " + replica.rank() + ": " + figures.obstacle());
    }
  }

  private Figures measure() {
    for (int i = 0; i < WARM_UP; i++) {
      seconds();
    }
    ReplicaGroup.Traffic before = group.traffic();
    double[] seconds = new double[settings.rounds()];
    for (int i = 0; i < seconds.length; i++) {
      seconds[i] = seconds();
    }
    ReplicaGroup.Traffic traffic = group.traffic().since(before);
    requireSameWeights();
    Arrays.sort(seconds);
    return new Figures(
        null,
        seconds[seconds.length / 2],
        traffic.bytes() / seconds.length,
        kept(),
        traffic.waitedSeconds() / seconds.length);
  }

  /** Workers that make the same steps have the same weights, bit for bit. */
  private void requireSameWeights() {
    double[] sum = new double[1];
    Tensors.inScope(
        () ->
            parameters.forEach(
                parameter ->
                    sum[0] += parameter.to(ScalarType.Double).square().sum().item_double()));
    double mean = group.average(sum[0])[0];
    if (Math.abs(mean - sum[0]) > 1e-12 * mean) {
      throw new IllegalStateException("the weights of the workers have drifted apart");
    }
  }

  private long kept() {
    long kept = parameters.stream().mapToLong(Tensor::numel).sum();
    if (optimizer instanceof SparseOptimizer sparse) {
      kept += sparse.parameters().stream().mapToLong(p -> p.kept() - p.weight().numel()).sum();
    }
    return kept;
  }

  /** One step, with all that it left to a GPU. */
  private double seconds() {
    long start = System.nanoTime();
    try (var _ = new PointerScope()) {
      optimizer.zeroGrad();
      buckets.expect();
      loss().backward();
      buckets.finish();
      double norm = GradientClipping.clipNorm(parameters, CLIP);
      if (!Double.isFinite(group.average(norm)[0])) {
        throw new IllegalStateException("a gradient is not finite");
      }
      optimizer.step();
    }
    if (settings.cuda()) {
      torch.cuda_synchronize();
    }
    return (System.nanoTime() - start) / 1e9;
  }

  private Tensor loss() {
    if (!settings.cuda()) {
      return model.loss(batch);
    }
    try (var _ = Autocast.open(DeviceType.CUDA, ScalarType.BFloat16)) {
      return model.loss(batch);
    }
  }
}
