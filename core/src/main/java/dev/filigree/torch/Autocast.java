package dev.filigree.torch;

import java.util.function.Supplier;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.DeviceType;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * While it is open, the matrix products of this thread compute in a 16-bit type; libtorch chooses
 * operation by operation, as {@code torch.autocast} does.
 */
public final class Autocast implements AutoCloseable {
  private final DeviceType device;
  private final boolean enabled;

  private Autocast(DeviceType device, boolean enabled) {
    this.device = device;
    this.enabled = enabled;
  }

  /** Starts autocasting to a 16-bit type; for float32 nothing changes. */
  public static Autocast open(DeviceType device, ScalarType type) {
    if (type == ScalarType.Float) {
      return new Autocast(device, false);
    }
    torch.set_autocast_dtype(device, type);
    torch.set_autocast_enabled(device, true);
    torch.increment_nesting();
    return new Autocast(device, true);
  }

  /**
   * The type that matrix products of this thread compute in on a device; float32 without
   * autocasting.
   */
  public static ScalarType type(DeviceType device) {
    return torch.is_autocast_enabled(device)
        ? torch.get_autocast_dtype(device).intern()
        : ScalarType.Float;
  }

  /** Makes what an operation makes without autocasting, in the types of its inputs. */
  public static Tensor suspended(DeviceType device, Supplier<Tensor> operation) {
    if (!torch.is_autocast_enabled(device)) {
      return operation.get();
    }
    torch.set_autocast_enabled(device, false);
    try {
      return operation.get();
    } finally {
      torch.set_autocast_enabled(device, true);
    }
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
