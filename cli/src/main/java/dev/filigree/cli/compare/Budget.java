package dev.filigree.cli.compare;

import dev.filigree.config.ConfigMap;
import dev.filigree.config.ConfigNode;
import dev.filigree.config.ConfigScalar;

/**
 * What every method of a comparison gets the same amount of.
 *
 * @param seconds of training for each run; 0 unless the kind is {@link Kind#SECONDS}
 */
public record Budget(Kind kind, double seconds) {
  /** The same steps and batches for all. */
  public static final Budget TOKENS = new Budget(Kind.TOKENS, 0);

  /** What is the same. */
  public enum Kind {
    /** Steps and batches. */
    TOKENS,
    /** Multiplications of weights that exist: a sparse run gets more steps. */
    FLOPS,
    /** Tokens, of which a sparse run sees half as many a step, in twice the steps. */
    HALF_BATCH,
    /** Time of training, as measured in the first steps of a method. */
    SECONDS
  }

  /** Reads {@code tokens}, {@code flops}, {@code half_batch} or {@code {seconds: 600}}. */
  static Budget read(ConfigNode node) {
    if (node instanceof ConfigScalar) {
      Kind kind = node.asEnum(Kind.class);
      if (kind == Kind.SECONDS) {
        throw node.error("say how many: {seconds: 600}");
      }
      return new Budget(kind, 0);
    }
    ConfigMap block = node.asMap();
    double seconds = block.number("seconds");
    block.rejectUnknown();
    if (!(seconds > 0)) {
      throw node.error("seconds must be more than 0, found " + seconds);
    }
    return new Budget(Kind.SECONDS, seconds);
  }

  @Override
  public String toString() {
    return switch (kind) {
      case TOKENS -> "equal tokens";
      case FLOPS -> "equal training FLOPs";
      case HALF_BATCH -> "half the batch and twice the steps for sparse runs";
      case SECONDS -> "%.0f seconds of training each".formatted(seconds);
    };
  }
}
