package dev.filigree.sparsity.algorithm;

import dev.filigree.config.Default;
import org.bytedeco.pytorch.Tensor;

/**
 * AC/DC, alternating compressed and decompressed training: phases in which only the largest weights
 * exist take turns with phases in which all do; those that come back begin at zero. Peste et al.,
 * "AC/DC: Alternating Compressed/DeCompressed Training of Deep Neural Networks", NeurIPS 2021,
 * algorithm 1.
 */
public final class AcDc extends SparsityAlgorithm {
  private final Options options;

  /**
   * The phases, in steps. All weights exist until {@code warmup}; then phases of {@code phase}
   * steps take turns, a compressed one first; from {@code finetune} on the network stays
   * compressed.
   */
  public record Options(@Default("0") long warmup, long phase, long finetune) {
    /**
     * @throws IllegalArgumentException for a negative warm-up, a phase of no step, or a fine-tuning
     *     that begins before the warm-up is over
     */
    public Options {
      if (warmup < 0 || phase < 1 || finetune < warmup) {
        throw new IllegalArgumentException(
            "phases need warmup >= 0, phase >= 1 and finetune >= warmup, found %d, %d and %d"
                .formatted(warmup, phase, finetune));
      }
    }
  }

  AcDc(AlgorithmSettings settings, Options options) {
    super(settings);
    this.options = options;
  }

  /** A builder with these options and nothing else chosen yet. */
  public static AlgorithmBuilder<AcDc> builder(Options options) {
    return new AlgorithmBuilder<>(settings -> new AcDc(settings, options));
  }

  private boolean isCompressed(long step) {
    return step >= options.finetune
        || (step >= options.warmup && (step - options.warmup) / options.phase % 2 == 0);
  }

  /** At every change of phase. */
  @Override
  public boolean isUpdate(long step) {
    return step > 0 && isCompressed(step) != isCompressed(step - 1);
  }

  @Override
  public boolean startsDense() {
    return !isCompressed(0);
  }

  @Override
  public double sparsity(long step) {
    return isCompressed(step) ? super.sparsity(step) : 0;
  }

  /**
   * Drops the smallest |θ| at the start of a compressed phase, no more than the sparsity requires.
   */
  @Override
  public double dropFraction(long step) {
    return 0;
  }

  @Override
  public boolean needsUpdateSchedule() {
    return false;
  }

  @Override
  public boolean needsDropFraction() {
    return false;
  }

  /** All weights come back or none do, so no score is needed. */
  @Override
  public Tensor growScore(WeightView weight) {
    return weight.zeros();
  }
}
