package dev.filigree.bench;

import dev.filigree.cuda.CudaDevice;
import dev.filigree.distributed.GradientBuckets;
import dev.filigree.distributed.KeptPositions;
import dev.filigree.distributed.Rendezvous;
import dev.filigree.distributed.ReplicaGroup;
import dev.filigree.distributed.ShardedOptimizer;
import dev.filigree.io.Json;
import dev.filigree.optim.AdamW;
import dev.filigree.optim.GradientClipping;
import dev.filigree.optim.Optimizer;
import dev.filigree.optim.Replica;
import dev.filigree.sparsity.KeptGradients;
import dev.filigree.sparsity.SparseOptimizer;
import dev.filigree.torch.Autocast;
import dev.filigree.torch.Libtorch;
import dev.filigree.torch.Tensors;
import dev.filigree.zoo.data.Batch;
import dev.filigree.zoo.model.LanguageModel;
import dev.filigree.zoo.train.log.PeakMemory;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Device;
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
  private static final long SEED = 1;

  private final ScaleCase what;
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
   * @param memoryBytes of the GPU in use; of the processors' memory, the process's peak; null where
   *     the system does not tell
   */
  record Figures(
      @Nullable String obstacle,
      @Nullable Double seconds,
      @Nullable Long bytes,
      @Nullable Long kept,
      @Nullable Double waitedSeconds,
      @Nullable Long memoryBytes) {
    static Figures none(String obstacle) {
      return new Figures(obstacle, null, null, null, null, null);
    }
  }

  private ScaleWorker(ScaleCase what, ReplicaGroup group) {
    this.what = what;
    this.group = group;
    var device = new Device(what.cuda() ? "cuda" : "cpu");
    // The same weights everywhere.
    var network = new RandomNetwork(what.config(), device, what.checkpointing());
    model = network.model();
    parameters = network.parameters();
    Optimizer adam = new AdamW(parameters, AdamW.options().lr(1e-4));
    ShardedOptimizer sharded = what.shared() ? new ShardedOptimizer(adam, group) : null;
    Optimizer dense = sharded == null ? adam : sharded;
    KeptPositions positions = KeptPositions.all();
    if (what.isDense()) {
      network.fill();
      optimizer = dense;
    } else {
      SparseOptimizer sparse =
          network.wrap(dense, what.execution(), what.sparsity(), UPDATE_EVERY, group);
      positions = new KeptGradients(sparse);
      optimizer = sparse;
    }
    if (sharded != null) {
      sharded.sendOnly(positions);
    }
    buckets = new GradientBuckets(group, parameters, positions, what.wire().elements());
    torch.manual_seed(group.replica().seed(SEED));
    batch = RandomNetwork.batch(what.vocabularySize(), what.batch(), what.sequence(), device);
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
    var what =
        ScaleCase.of(Settings.parse(Arrays.asList(args).subList(3, args.length), ScaleCase.KEYS));
    Figures figures;
    try (var _ = new PointerScope();
        var group = ReplicaGroup.join(where, TIMEOUT)) {
      figures = new ScaleWorker(what, group).measure();
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
    double[] seconds = new double[what.rounds()];
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
        traffic.waitedSeconds() / seconds.length,
        what.cuda() ? (Long) CudaDevice.of(0).memoryInUse() : PeakMemory.peakBytes());
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
      if (what.overlap()) {
        buckets.expect();
      }
      loss().backward();
      if (!what.overlap()) {
        buckets.expect();
      }
      buckets.finish();
      double norm = GradientClipping.clipNorm(parameters, CLIP);
      if (!Double.isFinite(group.average(norm)[0])) {
        throw new IllegalStateException("a gradient is not finite");
      }
      optimizer.step();
    }
    if (what.cuda()) {
      torch.cuda_synchronize();
    }
    return (System.nanoTime() - start) / 1e9;
  }

  private Tensor loss() {
    if (!what.cuda()) {
      return model.loss(batch);
    }
    try (var _ = Autocast.open(DeviceType.CUDA, ScalarType.BFloat16)) {
      return model.loss(batch);
    }
  }
}
