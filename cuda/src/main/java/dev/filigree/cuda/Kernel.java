package dev.filigree.cuda;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** A kernel on one card. Threads may launch it at the same time. */
public final class Kernel {
  private static final int MAX_DYNAMIC_SHARED_BYTES = 8; // of CUfunction_attribute

  private static final int MOST_ARGUMENTS = 32;

  /** Room for the arguments of one launch: the driver has read them when it returns. */
  private static final ThreadLocal<Arguments> ARGUMENTS = ThreadLocal.withInitial(Arguments::new);

  private final Driver driver;
  private final long context;
  private final long function;
  private final Signature signature;
  private int sharedBytes = 48 << 10; // that are allowed

  Kernel(Driver driver, long context, long function, Signature signature) {
    this.driver = driver;
    this.context = context;
    this.function = function;
    this.signature = signature;
  }

  /** The name of its function in the CUDA source. */
  public String name() {
    return signature.name();
  }

  /**
   * Lets a block use more dynamic shared memory than the 48 KiB that every card allows.
   *
   * @return this
   * @throws CudaException when the card has less
   */
  public synchronized Kernel allowShared(int bytes) {
    if (bytes > sharedBytes) {
      driver.inContext(
          context,
          () -> driver.setFunctionAttribute(name(), function, MAX_DYNAMIC_SHARED_BYTES, bytes));
      sharedBytes = bytes;
    }
    return this;
  }

  /**
   * Queues the kernel on a stream and returns at once.
   *
   * @param stream a handle of CUDA's; 0 is the default stream
   * @param arguments a Long for each address or long long, an Integer for each int, a Float for
   *     each float
   * @throws IllegalArgumentException when they are not those that the kernel declares
   * @throws CudaException when the driver refuses the launch, or an earlier kernel failed
   */
  public void launch(Grid grid, long stream, Object... arguments) {
    MemorySegment addresses = ARGUMENTS.get().of(signature.words(arguments));
    driver.inContext(context, () -> driver.launch(name(), function, grid, stream, addresses));
  }

  /** Words in native memory, and their addresses. */
  private static final class Arguments {
    private final MemorySegment words = Arena.ofAuto().allocate(JAVA_LONG, MOST_ARGUMENTS);
    private final MemorySegment addresses = Arena.ofAuto().allocate(ADDRESS, MOST_ARGUMENTS);

    Arguments() {
      for (int i = 0; i < MOST_ARGUMENTS; i++) {
        addresses.setAtIndex(ADDRESS, i, words.asSlice(i * JAVA_LONG.byteSize()));
      }
    }

    MemorySegment of(long... values) {
      for (int i = 0; i < values.length; i++) {
        words.setAtIndex(JAVA_LONG, i, values[i]);
      }
      return addresses;
    }
  }
}
