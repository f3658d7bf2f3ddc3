package dev.filigree.schedule;

import dev.filigree.config.Key;

/** initial · gamma^⌊step / stepSize⌋. */
public record StepDecay(@Key("initial_learning_rate") double initial, long stepSize, double gamma)
    implements PiecewiseMonotone {
  /**
   * A schedule with all its numbers.
   *
   * @throws IllegalArgumentException for an initial value that is not finite, and for a stepSize or
   *     gamma of 0 or below
   */
  public StepDecay {
    ScheduleChecks.finite("initial_learning_rate", initial);
    ScheduleChecks.positive("step_size", stepSize);
    ScheduleChecks.positive("gamma", gamma);
  }

  @Override
  public double at(long step) {
    long falls = step / stepSize;
    return initial * Math.pow(gamma, (double) falls);
  }
}
