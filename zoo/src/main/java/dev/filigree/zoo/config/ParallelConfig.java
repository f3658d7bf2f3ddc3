package dev.filigree.zoo.config;

import dev.filigree.config.ConfigMap;
import dev.filigree.config.Records;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * The block {@code parallel}: how several replicas of a model train together; without effect in a
 * run of one.
 *
 * @param wire the type that gradients are sent and summed in
 * @param shardOptimizerState whether each replica keeps the optimizer's state of its share of the
 *     parameters only, and the others get the weights that it updates
 */
public record ParallelConfig(Wire wire, boolean shardOptimizerState) {
  /** Types on the wire. */
  public enum Wire {
    /** Four bytes a number; replicas together make the steps of one process. */
    FLOAT32(ScalarType.Float, Float.BYTES),

    /** Two bytes a number, with 8 bits of precision. */
    BFLOAT16(ScalarType.BFloat16, Short.BYTES);

    @SuppressWarnings("ImmutableEnumChecker") // one of libtorch's constants
    private final ScalarType elements;

    private final int bytes;

    Wire(ScalarType elements, int bytes) {
      this.elements = elements;
      this.bytes = bytes;
    }

    /** libtorch's name for it. */
    public ScalarType elements() {
      return elements;
    }

    /** Bytes of a number. */
    public int bytes() {
      return bytes;
    }
  }

  /** Exact, with the whole state on every replica. */
  public static ParallelConfig defaults() {
    return new ParallelConfig(Wire.FLOAT32, false);
  }

  static ParallelConfig read(ConfigMap block) {
    ParallelConfig config = Records.read(block, defaults());
    block.rejectUnknown();
    return config;
  }
}
