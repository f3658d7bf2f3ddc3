package dev.filigree.schedule;

import dev.filigree.config.Default;
import dev.filigree.config.Key;
import java.util.stream.LongStream;

/**
 * The 1cycle policy (Smith and Topin 2018): up from {@code initial} to {@code max}, then down to
 * initial / finalDivFactor, where it stays after totalSteps. With {@code threePhase} it comes down
 * to {@code initial} as fast as it went up and only then to the end. Momentum is not part of it.
 *
 * @param initial PyTorch's max_lr / div_factor
 * @param startFraction the fraction of the steps that the rise takes
 */
public record OneCycle(
    @Key("initial_learning_rate") double initial,
    @Key("max_lr") double max,
    @Default("1000") long totalSteps,
    @Key("pct_start") @Default("0.3") double startFraction,
    @Default("1e4") double finalDivFactor,
    @Default("false") boolean threePhase,
    @Key("anneal_strategy") @Default("cos") Anneal anneal)
    implements PiecewiseMonotone {
  /** How the value moves within a phase. */
  public enum Anneal {
    /** Half a cosine wave. */
    COS,
    /** A straight line. */
    LINEAR
  }

  /**
   * A schedule with all its numbers.
   *
   * @throws IllegalArgumentException for a value that is not finite, a totalSteps or finalDivFactor
   *     of 0 or below, or a startFraction outside (0, 1), with threePhase outside (0, 0.5)
   */
  public OneCycle {
    ScheduleChecks.finite("initial_learning_rate", initial);
    ScheduleChecks.finite("max_lr", max);
    ScheduleChecks.positive("total_steps", totalSteps);
    ScheduleChecks.positive("final_div_factor", finalDivFactor);
    double most = threePhase ? 0.5 : 1;
    if (!(startFraction > 0 && startFraction < most)) {
      throw new IllegalArgumentException(
          "pct_start must lie between 0 and " + most + ", found " + startFraction);
    }
  }

  @Override
  public double at(long step) {
    double top = startFraction * totalSteps - 1;
    double middle = 2 * startFraction * totalSteps - 2;
    double end = initial / finalDivFactor;
    if (step <= top) {
      return between(initial, max, 0, top, step);
    }
    if (!threePhase) {
      return between(max, end, top, totalSteps - 1.0, step);
    }
    return step <= middle
        ? between(max, initial, top, middle, step)
        : between(initial, end, middle, totalSteps - 1.0, step);
  }

  private double between(double from, double to, double start, double stop, long step) {
    double progress = stop > start ? Math.min(1, (step - start) / (stop - start)) : 1;
    return switch (anneal) {
      case COS -> to + (from - to) * (1 + Math.cos(Math.PI * progress)) / 2;
      case LINEAR -> from + (to - from) * progress;
    };
  }

  @Override
  public LongStream turns(long first, long last) {
    long rise = (long) (startFraction * totalSteps);
    return LongStream.of(rise - 1, rise, 2 * rise - 2, 2 * rise - 1, 2 * rise, totalSteps - 1);
  }
}
