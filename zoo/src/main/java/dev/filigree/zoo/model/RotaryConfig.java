package dev.filigree.zoo.model;

/**
 * The frequencies of rotary position embeddings.
 *
 * @param theta the base of the geometric series of wavelengths
 * @param scaling how the series is stretched for contexts longer than those of pre-training
 */
public record RotaryConfig(double theta, Scaling scaling) {
  /**
   * @throws IllegalArgumentException for a theta that is not above 0
   */
  public RotaryConfig {
    if (!(theta > 0)) {
      throw new IllegalArgumentException("rope_theta must be positive, found " + theta);
    }
  }

  /** Stretches frequencies. */
  public sealed interface Scaling {}

  /** Positions as they are. */
  public record None() implements Scaling {}

  /** Position interpolation (Chen et al. 2023, arXiv:2306.15595): every wavelength × factor. */
  public record LinearScaling(double factor) implements Scaling {
    /**
     * @throws IllegalArgumentException for a factor below 1
     */
    public LinearScaling {
      require(factor);
    }
  }

  /**
   * Llama 3.1's scaling: long wavelengths × factor, short ones as they are, a smooth passage
   * between.
   */
  public record Llama3(
      double factor, double lowFrequencyFactor, double highFrequencyFactor, long originalContext)
      implements Scaling {
    /**
     * @throws IllegalArgumentException for a factor below 1, or a high frequency factor that is not
     *     above the low one
     */
    public Llama3 {
      require(factor);
      if (!(highFrequencyFactor > lowFrequencyFactor)) {
        throw new IllegalArgumentException(
            "high_freq_factor must be larger than low_freq_factor, found %s and %s"
                .formatted(highFrequencyFactor, lowFrequencyFactor));
      }
    }
  }

  private static void require(double factor) {
    if (!(factor >= 1)) {
      throw new IllegalArgumentException("the factor must be at least 1, found " + factor);
    }
  }

  /** Radians a position for each of the size/2 pairs of components. */
  public float[] frequencies(long size) {
    var frequencies = new float[Math.toIntExact(size / 2)];
    for (int i = 0; i < frequencies.length; i++) {
      frequencies[i] = (float) scaled(1 / Math.pow(theta, 2.0 * i / size));
    }
    return frequencies;
  }

  private double scaled(double frequency) {
    return switch (scaling) {
      case None _ -> frequency;
      case LinearScaling linear -> frequency / linear.factor;
      case Llama3 llama3 -> {
        double turns = llama3.originalContext * frequency / (2 * Math.PI);
        double smooth =
            (turns - llama3.lowFrequencyFactor)
                / (llama3.highFrequencyFactor - llama3.lowFrequencyFactor);
        double kept = Math.clamp(smooth, 0, 1);
        yield (1 - kept) * frequency / llama3.factor + kept * frequency;
      }
    };
  }
}
