package dev.filigree.cuda;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/** Memory of the first GPU, never freed: tests need little. */
final class DeviceMemory {
  private static final NativeLibrary LIBRARY = NativeLibrary.find("libcuda.so.1").orElseThrow();
  private static final MethodHandle ALLOCATE =
      LIBRARY.function("cuMemAlloc_v2", ADDRESS, JAVA_LONG);
  private static final MethodHandle TO_DEVICE =
      LIBRARY.function("cuMemcpyHtoD_v2", JAVA_LONG, ADDRESS, JAVA_LONG);
  private static final MethodHandle TO_HOST =
      LIBRARY.function("cuMemcpyDtoH_v2", ADDRESS, JAVA_LONG, JAVA_LONG);
  private static final long CONTEXT = Driver.get().retainPrimaryContext(Driver.get().device(0));

  private DeviceMemory() {}

  static long of(float... values) {
    return of(MemorySegment.ofArray(values));
  }

  static long of(int... values) {
    return of(MemorySegment.ofArray(values));
  }

  static long of(byte... values) {
    return of(MemorySegment.ofArray(values));
  }

  private static long of(MemorySegment values) {
    try (Arena arena = Arena.ofConfined()) {
      long bytes = Math.max(1, values.byteSize());
      MemorySegment host = arena.allocate(bytes);
      host.copyFrom(values);
      MemorySegment address = arena.allocate(JAVA_LONG);
      check(() -> (int) ALLOCATE.invokeExact(address, bytes));
      long device = address.get(JAVA_LONG, 0);
      check(() -> (int) TO_DEVICE.invokeExact(device, host, bytes));
      return device;
    }
  }

  static float[] floats(long device, int count) {
    try (Arena arena = Arena.ofConfined()) {
      return read(arena, device, 4L * count).toArray(JAVA_FLOAT);
    }
  }

  static int[] ints(long device, int count) {
    try (Arena arena = Arena.ofConfined()) {
      return read(arena, device, 4L * count).toArray(JAVA_INT);
    }
  }

  static byte[] bytes(long device, int count) {
    try (Arena arena = Arena.ofConfined()) {
      return read(arena, device, count).toArray(JAVA_BYTE);
    }
  }

  private static MemorySegment read(Arena arena, long device, long bytes) {
    MemorySegment host = arena.allocate(Math.max(1, bytes));
    check(() -> (int) TO_HOST.invokeExact(host, device, bytes));
    return host.asSlice(0, bytes);
  }

  private static void check(Calls.Call call) {
    Driver.get()
        .inContext(
            CONTEXT,
            () -> {
              int error = Calls.of(call);
              if (error != 0) {
                throw new AssertionError("error " + error + " of the driver");
              }
            });
  }
}
