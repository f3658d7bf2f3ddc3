package dev.filigree.zoo.config;

import java.util.Locale;

/**
 * What replicas would cost a run on more machines than are at hand, from constants that were
 * measured on few. Each of n workers sends 2 (n − 1) / n of its bytes to have them summed
 * (Patarasuk and Yuan 2009), in buckets that leave while the backward pass runs; a bucket takes 2
 * log n messages one after the other, in the trees that NCCL builds over many machines (Sanders et
 * al. 2009).
 *
 * @param workers how many train together
 * @param bytes of the gradients of the weights that exist, in the type on the wire
 * @param denseBytes of those of a dense model
 * @param sharedBytes of the weights that workers send each other after an update, where each has
 *     the optimizer's state of its share alone; 0 where each has all of it
 * @param computeSeconds of a step on one worker, from its share of the batch
 * @param bandwidth of a worker's connection, bytes a second in each direction
 */
public record ScaleCost(
    int workers,
    long bytes,
    long denseBytes,
    long sharedBytes,
    double computeSeconds,
    double bandwidth) {
  /** Dense-equivalent operations a second of one H100 in bfloat16: see docs/performance.md. */
  public static final double MEASURED_FLOPS = 470e12;

  /**
   * What a step takes longer with two H100 than with one, whatever is sent: 7 to 9 ms with 0.75 to
   * 5.4 GB on the wire. See docs/scale-out.md.
   */
  static final double MEASURED_OVERHEAD = 8e-3;

  /** A message's way between two machines of a cluster, seconds. */
  static final double LATENCY = 5e-6;

  /** Forward pass, gradient of the inputs, gradient of the weights: a third each. */
  private static final double BACKWARD_SHARE = 2.0 / 3;

  private static final double OPERATIONS_PER_WEIGHT = 6; // a token, forward and backward
  private static final long BUCKET = 25L << 20;

  /**
   * @throws IllegalArgumentException for fewer than two workers, or a bandwidth that is not above 0
   */
  public ScaleCost {
    if (workers < 2 || !(bandwidth > 0)) {
      throw new IllegalArgumentException("a plan needs at least 2 workers and a bandwidth above 0");
    }
  }

  /**
   * Of a run.
   *
   * @param bandwidth bytes a second in each direction
   * @param flops dense-equivalent operations a second of a worker
   * @throws IllegalArgumentException where the batch is no multiple of the workers, or the plan
   *     does not know its tokens
   */
  public static ScaleCost of(
      RunPlan plan, ParallelConfig parallel, int workers, double bandwidth, double flops) {
    if (plan.samplesPerStep() % workers != 0) {
      throw new IllegalArgumentException(
          "a step of %,d samples is no multiple of %d workers: set train_dataloader.batch_size"
              .formatted(plan.samplesPerStep(), workers));
    }
    if (plan.tokensPerStep() == 0) {
      throw new IllegalArgumentException("the data set the length of a sequence: no plan of time");
    }
    int size = parallel.wire().bytes();
    double operations = OPERATIONS_PER_WEIGHT * plan.parameters() * plan.tokensPerStep() / workers;
    return new ScaleCost(
        workers,
        plan.keptParameters() * size,
        plan.parameters() * size,
        parallel.shardOptimizerState() ? plan.keptParameters() * Float.BYTES : 0,
        operations / flops,
        bandwidth);
  }

  /** The time that gradients are on their way, seconds. */
  public double onTheWay() {
    return onTheWay(bytes);
  }

  private double onTheWay(long some) {
    long buckets = Math.max(1, (some + BUCKET - 1) / BUCKET);
    double messages = 2 * Math.ceil(Math.log(workers) / Math.log(2));
    return sent(some) / bandwidth + buckets * messages * LATENCY;
  }

  private double sent(long some) {
    return 2.0 * (workers - 1) / workers * some;
  }

  /**
   * The part of it that the backward pass does not hide: what is longer than it, or else the last
   * bucket, which leaves when it is over.
   */
  public double notHidden() {
    double last = onTheWay(Math.min(bytes, BUCKET));
    return Math.max(last, onTheWay() - BACKWARD_SHARE * computeSeconds);
  }

  /**
   * The time in which updated weights go from those that have the optimizer's state to all others,
   * seconds: through a ring each passes a connection once.
   */
  public double sharing() {
    return sharedBytes / bandwidth;
  }

  /** Of a step, seconds. */
  public double stepSeconds() {
    return computeSeconds + notHidden() + sharing() + MEASURED_OVERHEAD;
  }

  /** Of a step that sends nothing before its backward pass is over, seconds. */
  public double stepSecondsWithoutOverlap() {
    return computeSeconds + onTheWay() + sharing() + MEASURED_OVERHEAD;
  }

  /** Tokens a second over workers times those of one. */
  public double efficiency() {
    return computeSeconds / stepSeconds();
  }

  /** Lines for people. */
  public String text() {
    return String.format(
        Locale.ROOT,
        """
        workers           %,d
        sends a step      %,.1f MB of gradients a worker (a dense model %,.1f MB), %,.1f MB sent
        on their way      %.1f ms at %,.1f GB/s and %.0f µs a message; %.1f ms of it not hidden by the backward pass
        a step            %.1f ms: %.1f ms of computing, %.1f ms not hidden,%s %.0f ms of other work for the exchange
        efficiency        %.1f %%
        """,
        workers,
        bytes / 1e6,
        denseBytes / 1e6,
        sent(bytes) / 1e6,
        1e3 * onTheWay(),
        bandwidth / 1e9,
        1e6 * LATENCY,
        1e3 * notHidden(),
        1e3 * stepSeconds(),
        1e3 * computeSeconds,
        1e3 * notHidden(),
        sharedBytes == 0
            ? ""
            : String.format(Locale.ROOT, " %.1f ms of sending weights,", 1e3 * sharing()),
        1e3 * MEASURED_OVERHEAD,
        1e2 * efficiency());
  }
}
