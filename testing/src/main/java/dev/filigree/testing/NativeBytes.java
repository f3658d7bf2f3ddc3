package dev.filigree.testing;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import org.bytedeco.javacpp.Pointer;

/** The bytes that this process holds of the C library, libtorch's tensors on the CPU among them. */
public final class NativeBytes {
  private static final int FIELDS = 10;
  private static final int MAPPED = 4; // hblkhd: bytes in blocks that were mapped one by one
  private static final int IN_USE = 7; // uordblks: bytes in all other blocks

  private NativeBytes() {}

  /** Whether the C library counts: glibc from 2.33 on. */
  public static boolean areCounted() {
    return Linker.nativeLinker().defaultLookup().find("mallinfo2").isPresent();
  }

  /**
   * The bytes in use once what earlier tests left to the garbage collector is gone, so that nothing
   * of it goes while a test counts.
   */
  public static long inUseOnceSettled() {
    long last = Long.MAX_VALUE;
    for (long now = inUse(); now < last; now = inUse()) {
      last = now;
      for (int i = 0; i < 3; i++) {
        System.gc();
        Pointer.deallocateReferences();
      }
    }
    return inUse();
  }

  @SuppressWarnings("restricted") // struct mallinfo2 mallinfo2(void), ten size_t
  public static long inUse() {
    Linker linker = Linker.nativeLinker();
    MethodHandle mallinfo =
        linker.downcallHandle(
            linker.defaultLookup().find("mallinfo2").orElseThrow(),
            FunctionDescriptor.of(
                MemoryLayout.structLayout(
                    MemoryLayout.sequenceLayout(FIELDS, ValueLayout.JAVA_LONG))));
    try (var arena = Arena.ofConfined()) {
      var info = (MemorySegment) mallinfo.invokeExact((SegmentAllocator) arena);
      return info.getAtIndex(ValueLayout.JAVA_LONG, MAPPED)
          + info.getAtIndex(ValueLayout.JAVA_LONG, IN_USE);
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }
}
