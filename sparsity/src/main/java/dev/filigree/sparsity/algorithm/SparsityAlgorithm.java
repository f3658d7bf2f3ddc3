package dev.filigree.sparsity.algorithm;

import dev.filigree.schedule.Constant;
import dev.filigree.schedule.Schedule;
import java.util.Optional;
import org.bytedeco.pytorch.Tensor;

/**
 * Decides which weights exist: a policy that says when masks change, how sparse they are, by what
 * score weights are dropped and by what score others are grown. Counting, ties, groups, storage,
 * state and replicas are the library's part.
 *
 * <p>An update drops the existing weights with the smallest {@link #dropScore}, then grows the
 * missing ones with the largest {@link #growScore} until the sparsity of the step is met. Scores
 * are floating tensors of the weight's shape; NaN is the lowest there is. They must depend on the
 * view alone, so that resumed runs and replicas agree.
 */
public abstract class SparsityAlgorithm {
  private final AlgorithmSettings settings;

  /**
   * The settings answer {@link #isUpdate}, {@link #sparsity} and {@link #dropFraction} unless
   * overridden.
   */
  protected SparsityAlgorithm(AlgorithmSettings settings) {
    this.settings = settings;
  }

  /** Schedules, initial mask, competition and distribution. */
  public final AlgorithmSettings settings() {
    return settings;
  }

  /** Whether masks are updated once {@code step} steps are finished. */
  public boolean isUpdate(long step) {
    return settings.update().isUpdate(step);
  }

  /** The sparsity to reach at a step, over all parameters of the algorithm: in [0, 1]. */
  public double sparsity(long step) {
    return fraction(settings.sparsity(), step);
  }

  /** The smallest fraction of the existing weights that an update drops, in [0, 1]. */
  public double dropFraction(long step) {
    return fraction(settings.dropFraction(), step);
  }

  /** Whether parameters stay dense until the first update. */
  public boolean startsDense() {
    return settings.update().start() > 0;
  }

  /** Whether a builder needs a sparsity; where it does not, giving one is an error. */
  public boolean needsSparsity() {
    return true;
  }

  /** Whether a builder needs an update schedule. */
  public boolean needsUpdateSchedule() {
    return true;
  }

  /** Whether a builder needs a drop fraction. */
  public boolean needsDropFraction() {
    return true;
  }

  /** What must be gathered before an update. */
  public Evidence evidence() {
    return Evidence.none();
  }

  /** The score of the existing weights; the smallest are dropped. By default |w|. */
  public Tensor dropScore(WeightView weight) {
    return weight.values().abs();
  }

  /** The score of the missing weights; the largest are grown. */
  public abstract Tensor growScore(WeightView weight);

  /**
   * What weights of different parameters compete by, where the distribution lets them ({@code
   * global}). By default |w|.
   */
  public Tensor allocationScore(WeightView weight) {
    return weight.values().abs();
  }

  /**
   * What chooses whole masks in the place of the two scores, where counts that are equal in all
   * groups do not suit; by default nothing.
   */
  public Optional<MaskChoice> maskChoice() {
    return Optional.empty();
  }

  /**
   * What moves weights between parameters at an update; by default the distribution says at every
   * step how sparse each of them is. Called once for each wrapped model.
   */
  public Optional<Redistribution> redistribution() {
    return Optional.empty();
  }

  /**
   * What a layer multiplies with, made of the stored weight and its mask. Called once for each
   * parameter.
   */
  public ForwardWeight forwardWeight() {
    return ForwardWeight.stored();
  }

  /**
   * How many weights of a parameter get a gradient in every step, evidence apart. By default those
   * that exist.
   *
   * @param kept weights that exist
   * @param size all weights
   */
  public long trained(long kept, long size) {
    return kept;
  }

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

  private static double fraction(Schedule schedule, long step) {
    return Math.clamp(schedule.at(step), 0.0, 1.0);
  }

  @Override
  public String toString() {
    return getClass().getSimpleName() + settings;
  }
}
