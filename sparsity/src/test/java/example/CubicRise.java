package example;

import dev.filigree.config.Default;
import dev.filigree.schedule.Schedule;

/** GraNet's rise of the sparsity: last + (init − last) · (1 − (t − start)/(end − start))³. */
public record CubicRise(double init, double last, @Default("0") long start, long end)
    implements Schedule {
  public CubicRise {
    if (end <= start) {
      throw new IllegalArgumentException("end must be above start " + start + ", found " + end);
    }
  }

  @Override
  public double at(long step) {
    double progress = Math.clamp((double) (step - start) / (end - start), 0, 1);
    return last + (init - last) * Math.pow(1 - progress, 3);
  }
}
