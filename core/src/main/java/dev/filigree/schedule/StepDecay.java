package dev.filigree.schedule;

import dev.filigree.config.Key;

/** initial · gamma^⌊step / stepSize⌋. */
public record StepDecay(@Key("initial_learning_rate") double initial, long stepSize, double gamma)
    implements PiecewiseMonotone {
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
