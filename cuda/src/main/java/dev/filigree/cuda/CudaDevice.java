package dev.filigree.cuda;

import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * A card of this machine.
 *
 * @param index its number, as in {@code cuda:0}
 * @param name as its maker calls it
 * @param major first number of its compute capability
 * @param minor second number of it
 * @param memory in bytes
 * @param multiprocessors how many there are
 * @param sharedMemory the most that one block can use, in bytes
 */
public record CudaDevice(
    int index,
    String name,
    int major,
    int minor,
    long memory,
    int multiprocessors,
    int sharedMemory) {
  // Of CUdevice_attribute.
  private static final int MULTIPROCESSOR_COUNT = 16;
  private static final int CAPABILITY_MAJOR = 75;
  private static final int CAPABILITY_MINOR = 76;
  private static final int SHARED_MEMORY_OF_A_BLOCK = 97; // where the kernel asks for it

  /** Why this machine has no usable GPU, half a sentence; empty where it has one. */
  public static Optional<String> obstacle() {
    return Driver.obstacle()
        .or(
            () ->
                Driver.get().deviceCount() == 0
                    ? Optional.of("the NVIDIA driver sees no GPU")
                    : Optional.empty());
  }

  /** The cards; none where {@link #obstacle} says why. */
  public static List<CudaDevice> all() {
    return obstacle().isPresent()
        ? List.of()
        : IntStream.range(0, Driver.get().deviceCount()).mapToObj(CudaDevice::of).toList();
  }

  /**
   * A card by its number.
   *
   * @throws CudaException when there is none
   */
  public static CudaDevice of(int index) {
    Driver driver = Driver.get();
    int device = driver.device(index);
    return new CudaDevice(
        index,
        driver.deviceName(device),
        driver.attribute(CAPABILITY_MAJOR, device),
        driver.attribute(CAPABILITY_MINOR, device),
        driver.totalMemory(device),
        driver.attribute(MULTIPROCESSOR_COUNT, device),
        driver.attribute(SHARED_MEMORY_OF_A_BLOCK, device));
  }

  /** What kernels are compiled for: {@code sm_90}. */
  public String architecture() {
    return "sm_" + major + minor;
  }

  /** Bytes of its memory that are taken, by all processes together. */
  public long memoryInUse() {
    Driver driver = Driver.get();
    return memory - driver.freeMemory(driver.device(index));
  }

  /** The newest version of CUDA that the driver knows, as 13.0. */
  public static String driverVersion() {
    int version = Driver.get().version();
    return version / 1000 + "." + version % 1000 / 10;
  }
}
