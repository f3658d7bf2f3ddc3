package dev.filigree.cuda;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/**
 * The kernels of one card. Each source is compiled when one of its kernels is first requested, and
 * loaded for as long as the program runs, into the context that CUDA's runtime uses.
 */
public final class CudaKernels {
  private static final Map<Integer, CudaKernels> BY_DEVICE = new HashMap<>();

  private final CudaDevice device;
  private final Driver driver;
  private final Nvrtc compiler;
  private final CubinCache cache;
  private final long context;
  private final Map<KernelSource, Long> modules = new HashMap<>();
  private final Map<Known, Kernel> kernels = new HashMap<>();

  private record Known(KernelSource source, String name) {}

  private CudaKernels(CudaDevice device, Nvrtc compiler, Path cacheFolder) {
    this.device = device;
    this.compiler = compiler;
    driver = Driver.get();
    cache = new CubinCache(cacheFolder);
    context = driver.retainPrimaryContext(driver.device(device.index()));
  }

  /**
   * The kernels of a card.
   *
   * @param index its number, as in {@code cuda:0}
   * @param cacheFolder where compiled kernels are kept; that of the first call for a card counts
   * @throws CudaException when there is no such card, no driver or no compiler
   */
  public static synchronized CudaKernels of(int index, Path cacheFolder) {
    CudaKernels known = BY_DEVICE.get(index);
    if (known == null) {
      Nvrtc compiler =
          Nvrtc.find()
              .orElseThrow(
                  () ->
                      new CudaException(
                          "NVIDIA's run-time compiler is not installed (libnvrtc.so.13 or .12):"
                              + " it belongs to the CUDA toolkit"));
      known = new CudaKernels(CudaDevice.of(index), compiler, cacheFolder);
      BY_DEVICE.put(index, known);
    }
    return known;
  }

  /** The GPU that the kernels are compiled for and run on. */
  public CudaDevice device() {
    return device;
  }

  /**
   * A kernel, ready to be launched.
   *
   * @throws CudaException when its source does not compile
   * @throws IllegalArgumentException when the source has no kernel of this name
   */
  public synchronized Kernel kernel(KernelSource source, String name) {
    var key = new Known(source, name);
    Kernel known = kernels.get(key);
    if (known == null) {
      known = load(source, name);
      kernels.put(key, known);
    }
    return known;
  }

  private Kernel load(KernelSource source, String name) {
    Signature signature = source.signature(name);
    long[] function = new long[1];
    driver.inContext(
        context,
        () -> {
          long module =
              modules.computeIfAbsent(
                  source,
                  missing ->
                      driver.loadModule(
                          missing.toString(),
                          cache.cubin(missing, device.architecture(), compiler)));
          function[0] = driver.function(module, name);
        });
    return new Kernel(driver, context, function[0], signature);
  }
}
