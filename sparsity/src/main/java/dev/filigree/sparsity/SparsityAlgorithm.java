package dev.filigree.sparsity;

import dev.filigree.schedule.Constant;
import dev.filigree.schedule.Schedule;
import org.jspecify.annotations.Nullable;

/**
 * Decides which weights of a parameter exist. Written against {@link SparseParameter}, an algorithm
 * cannot tell which execution it runs on.
 *
 * <p>Most new algorithms extend {@link DynamicSparsity}, which leaves one or two scores to write.
 */
public abstract class SparsityAlgorithm {
  private final AlgorithmSettings settings;

  protected SparsityAlgorithm(AlgorithmSettings settings) {
    this.settings = settings;
  }

  public final AlgorithmSettings settings() {
    return settings;
  }

  /** Whether masks are updated once {@code step} steps are finished. */
  public boolean isUpdate(long step) {
    return settings.update().isUpdate(step);
  }

  /** The sparsity asked for at a step, a fraction in [0, 1]. */
  public double sparsity(long step) {
    return rate(settings.sparsity(), step);
  }

  /** Whether parameters stay dense until the first update. */
  public boolean startsDense() {
    return settings.update().start() > 0;
  }

  /** Whether a builder must be told when masks are updated. */
  protected boolean needsUpdateSchedule() {
    return true;
  }

  /** Whether a builder must be told what fraction an update drops. */
  protected boolean needsDropFraction() {
    return false;
  }

  /** Whether updates need the dense gradient of the step before them. */
  public boolean growsByGradient() {
    return false;
  }

  /**
   * The update of a parameter's mask at a step for which {@link #isUpdate} holds; null to leave it
   * as it is.
   *
   * @param parameter the parameter, for its name, shape and counts
   * @param step optimizer steps finished
   * @param sparsity the sparsity asked of this parameter, a fraction
   * @param seed the run's seed
   */
  public abstract @Nullable DropAndGrow update(
      SparseParameter parameter, long step, double sparsity, long seed);

  /**
   * Settings for an algorithm that prunes step by step.
   *
   * @throws IllegalArgumentException for a constant sparsity, under which it would do nothing
   */
  protected static AlgorithmSettings gradual(AlgorithmSettings settings) {
    if (settings.sparsity() instanceof Constant) {
      throw new IllegalArgumentException(
          "gradual pruning needs a sparsity that rises, found the constant " + settings.sparsity());
    }
    return settings;
  }

  /** The value of a schedule at a step, as a fraction: clamped to [0, 1]. */
  protected static double rate(Schedule schedule, long step) {
    return Math.clamp(schedule.at(step), 0.0, 1.0);
  }

  @Override
  public String toString() {
    return getClass().getSimpleName() + settings;
  }
}
