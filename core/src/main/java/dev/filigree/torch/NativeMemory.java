package dev.filigree.torch;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Optional;

/** The memory that libtorch allocates from the C library on a CPU. */
public final class NativeMemory {
  private static final Optional<MethodHandle> TRIM = trim();

  private NativeMemory() {}

  /**
   * Returns freed memory to the system, where the C library can (glibc): after large tensors were
   * replaced by small ones, the gaps between the remaining tensors would otherwise stay resident.
   */
  public static void giveBack() {
    TRIM.ifPresent(
        function -> {
          try {
            int _ = (int) function.invokeExact(0L);
          } catch (Throwable e) {
            throw new IllegalStateException(e);
          }
        });
  }

  @SuppressWarnings("restricted") // int malloc_trim(size_t), which is safe at any time
  private static Optional<MethodHandle> trim() {
    Linker linker = Linker.nativeLinker();
    return linker
        .defaultLookup()
        .find("malloc_trim")
        .map(
            symbol ->
                linker.downcallHandle(
                    symbol, FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG)));
  }
}
