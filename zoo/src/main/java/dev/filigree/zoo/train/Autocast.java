package dev.filigree.zoo.train;

import dev.filigree.zoo.config.PrecisionConfig;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.DeviceType;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * While it is open, the matrix products of this thread compute in a 16-bit type; libtorch chooses
 * operation by operation, as {@code torch.autocast} does.
 */
final class Autocast implements AutoCloseable {
  private final DeviceType device;
  private final boolean enabled;

  private Autocast(DeviceType device, boolean enabled) {
    this.device = device;
    this.enabled = enabled;
  }

  /** Opens for a type; for float32 it changes nothing. */
  static Autocast open(PrecisionConfig.Type type, DeviceType device) {
    if (type == PrecisionConfig.Type.FLOAT32) {
      return new Autocast(device, false);
    }
    torch.set_autocast_dtype(
        device, type == PrecisionConfig.Type.BFLOAT16 ? ScalarType.BFloat16 : ScalarType.Half);
    torch.set_autocast_enabled(device, true);
    torch.increment_nesting();
    return new Autocast(device, true);
  }

  @Override
  public void close() {
    if (enabled) {
      torch.set_autocast_enabled(device, false);
      // The 16-bit copies of the weights must not outlive the step that changes the weights.
      if (torch.decrement_nesting() == 0) {
        torch.clear_cache();
      }
    }
  }
}
