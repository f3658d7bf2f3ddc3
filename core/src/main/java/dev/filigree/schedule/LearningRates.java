package dev.filigree.schedule;

import dev.filigree.config.ConfigNode;
import java.util.List;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/**
 * Schedules of a learning rate or a weight decay, for static import, and their configuration by the
 * Model Zoo's names:
 *
 * <pre>
 * schedulers:
 * - SequentialLR:
 *     schedulers:
 *     - LinearLR: {initial_learning_rate: 0.0, end_learning_rate: 6.0e-4, total_iters: 716}
 *     - CosineDecayLR: {initial_learning_rate: 6.0e-4, end_learning_rate: 6.0e-5, total_iters: 4062}
 * </pre>
 *
 * <p>Every one is a function of the optimizer steps finished and keeps no state, so that a resumed
 * run goes on where it stopped. The momentum that PyTorch's {@code OneCycleLR} and {@code CyclicLR}
 * move along is not touched: {@link #cyclic} with the bounds exchanged is such a schedule.
 */
public final class LearningRates {
  private LearningRates() {}

  /** A straight line from one value to another, which it keeps after totalIters steps. */
  public static PolynomialDecay linearDecay(double initial, double end, long totalIters) {
    return polynomialDecay(initial, end, totalIters, 1);
  }

  /** end + (initial − end) · (1 − step / totalIters)^power, and end after it. */
  public static PolynomialDecay polynomialDecay(
      double initial, double end, long totalIters, double power) {
    return new PolynomialDecay(initial, end, totalIters, power, false);
  }

  /** initial · decayRate^(step / totalIters). */
  public static ExponentialDecay exponentialDecay(
      double initial, long totalIters, double decayRate) {
    return new ExponentialDecay(initial, totalIters, decayRate, false);
  }

  /** initial / (1 + decayRate · step^exponent / totalIters). */
  public static InverseTimeDecay inverseTimeDecay(
      double initial, double exponent, long totalIters, double decayRate) {
    return new InverseTimeDecay(initial, exponent, totalIters, decayRate, false);
  }

  /** initial · scale / √max(step, warmupSteps). */
  public static InverseSquareRootDecay inverseSquareRootDecay(
      double initial, double scale, double warmupSteps) {
    return new InverseSquareRootDecay(initial, scale, warmupSteps);
  }

  /** Half a cosine wave from one value to another, which it keeps after totalIters steps. */
  public static Cosine cosineDecay(double initial, double end, long totalIters) {
    return new Cosine(initial, (double) totalIters, end, false);
  }

  /** A cosine wave between two values, {@code period} steps from one to the other. */
  public static Cosine cosineAnnealing(double initial, long period, double minimum) {
    return new Cosine(initial, (double) period, minimum, true);
  }

  /** Half a cosine wave that starts again, each time {@code factor} times as long. */
  public static WarmRestarts warmRestarts(
      double initial, long period, long factor, double minimum) {
    return new WarmRestarts(initial, period, factor, minimum);
  }

  /** initial · coefficient^step. */
  public static Power multiplicative(double initial, double coefficient) {
    return new Power(initial, coefficient);
  }

  /** Times gamma every stepSize steps. */
  public static StepDecay stepDecay(double initial, long stepSize, double gamma) {
    return new StepDecay(initial, stepSize, gamma);
  }

  /** Times gamma from each milestone on. */
  public static PiecewiseConstant multiStep(double initial, double gamma, long... milestones) {
    return multiStep(initial, gamma, LongStream.of(milestones).boxed().toList());
  }

  static PiecewiseConstant multiStep(double initial, double gamma, List<Long> milestones) {
    ScheduleChecks.positive("gamma", gamma);
    List<Double> values =
        IntStream.rangeClosed(0, milestones.size())
            .mapToObj(passed -> initial * Math.pow(gamma, passed))
            .toList();
    return new PiecewiseConstant(values, milestones);
  }

  /** {@code values[i]} up to {@code milestones[i]}, the last value from the last milestone on. */
  public static PiecewiseConstant piecewiseConstant(double[] values, long... milestones) {
    return new PiecewiseConstant(
        DoubleStream.of(values).boxed().toList(), LongStream.of(milestones).boxed().toList());
  }

  /**
   * The 1cycle policy with PyTorch's defaults: up in 30 % of the steps, down to initial / 10000.
   */
  public static OneCycle oneCycle(double initial, double max, long totalSteps) {
    return new OneCycle(initial, max, totalSteps, 0.3, 1e4, false, OneCycle.Anneal.COS);
  }

  /** Triangles between two values. */
  public static Cyclic cyclic(double base, double max, long stepsUp, long stepsDown) {
    return new Cyclic(base, max, stepsUp, stepsDown, Cyclic.Mode.TRIANGULAR, 1);
  }

  /** One schedule after another, each counting its own steps from its milestone on. */
  public static Sequential sequential(List<? extends Schedule> parts, long... milestones) {
    return new Sequential(List.copyOf(parts), LongStream.of(milestones).boxed().toList());
  }

  /** The first schedule times the course of the others, each relative to its initial value. */
  public static Chained chained(Schedule... parts) {
    return new Chained(List.of(parts));
  }

  /**
   * Registers a scheduler for use in configuration.
   *
   * @param name the name as it stands in the list of schedulers
   * @throws IllegalArgumentException when the name is taken
   */
  public static void register(String name, Schedules.Reader reader) {
    SchedulerNames.register(name, reader);
  }

  /**
   * Makes a scheduler known to configuration that is a record: its keys are the components.
   *
   * @param name the name as it stands in the list of schedulers
   * @throws IllegalArgumentException when the name is taken
   */
  public static <S extends Record & Schedule> void register(String name, Class<S> schedule) {
    SchedulerNames.register(name, schedule);
  }

  /**
   * Reads the schedule of a learning rate: a number, a scheduler {@code {Name: {...}}}, a list that
   * holds one of them, or {@code {type: ...}} as {@link Schedules} has them. {@link
   * OptimizerSchedules#parse} reads a list that schedules the weight decay too.
   *
   * @throws dev.filigree.config.ConfigException for an unknown scheduler or key, or a value that
   *     makes no schedule
   */
  public static Schedule parse(ConfigNode node) {
    OptimizerSchedules schedules = OptimizerSchedules.parse(node);
    if (schedules.weightDecay().isPresent()) {
      throw node.error("expected the schedule of a learning rate, found one of a weight decay");
    }
    return schedules
        .learningRate()
        .orElseThrow(() -> node.error("expected one scheduler, found none"));
  }
}
