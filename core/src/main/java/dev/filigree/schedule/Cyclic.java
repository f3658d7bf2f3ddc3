package dev.filigree.schedule;

import dev.filigree.config.Default;
import dev.filigree.config.Key;
import java.util.stream.LongStream;

/**
 * Triangles between {@code base} and {@code max} (Smith 2017). Momentum is not part of it.
 *
 * @param stepsUp steps from base to max
 * @param stepsDown steps from max back to base; 0 for as many as up
 * @param gamma the factor per step of {@link Mode#EXP_RANGE}
 */
public record Cyclic(
    @Key("base_lr") double base,
    @Key("max_lr") double max,
    @Key("step_size_up") @Default("2000") long stepsUp,
    @Key("step_size_down") @Default("0") long stepsDown,
    @Default("triangular") Mode mode,
    @Default("1") double gamma)
    implements PiecewiseMonotone {
  /** How the height of the triangles changes. */
  public enum Mode {
    /** It does not. */
    TRIANGULAR,
    /** It halves with every cycle. */
    TRIANGULAR2,
    /** It falls by gamma^step. */
    EXP_RANGE
  }

  /**
   * A schedule with all its numbers.
   *
   * @throws IllegalArgumentException for a value that is not finite, a number of steps out of range
   *     or a gamma of 0 or below
   */
  public Cyclic {
    ScheduleChecks.finite("base_lr", base);
    ScheduleChecks.finite("max_lr", max);
    ScheduleChecks.positive("step_size_up", stepsUp);
    ScheduleChecks.notNegative("step_size_down", stepsDown);
    stepsDown = stepsDown == 0 ? stepsUp : stepsDown;
    ScheduleChecks.positive("gamma", gamma);
  }

  @Override
  public double at(long step) {
    long length = stepsUp + stepsDown;
    long position = step % length;
    double height =
        position <= stepsUp
            ? (double) position / stepsUp
            : (double) (length - position) / stepsDown;
    long cycle = step / length;
    double scale =
        switch (mode) {
          case TRIANGULAR -> 1;
          case TRIANGULAR2 -> Math.pow(0.5, (double) cycle);
          case EXP_RANGE -> Math.pow(gamma, (double) step);
        };
    return base + (max - base) * height * scale;
  }

  @Override
  public LongStream turns(long first, long last) {
    if (mode == Mode.EXP_RANGE) {
      // A rising flank times a falling power may turn anywhere.
      return LongStream.rangeClosed(first, last);
    }
    return PiecewiseMonotone.multiples((double) (stepsUp + stepsDown), first, last)
        .flatMap(start -> LongStream.of(start, start + stepsUp));
  }
}
