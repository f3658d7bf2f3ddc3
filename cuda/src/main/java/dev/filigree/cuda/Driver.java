package dev.filigree.cuda;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.Optional;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;

/** The functions of NVIDIA's driver that we call. Contexts and functions are addresses. */
final class Driver {
  private static final long LONGEST_TEXT = 1024;
  private static final int STREAM_NON_BLOCKING = 1;
  private static final int EVENT_DISABLE_TIMING = 2;
  private static final int NOT_READY = 600;

  private final MethodHandle deviceGetCount;
  private final MethodHandle deviceGet;
  private final MethodHandle deviceGetName;
  private final MethodHandle deviceGetAttribute;
  private final MethodHandle deviceTotalMem;
  private final MethodHandle memGetInfo;
  private final MethodHandle driverGetVersion;
  private final MethodHandle primaryCtxRetain;
  private final MethodHandle ctxGetCurrent;
  private final MethodHandle ctxPushCurrent;
  private final MethodHandle ctxPopCurrent;
  private final MethodHandle moduleLoadData;
  private final MethodHandle moduleGetFunction;
  private final MethodHandle funcSetAttribute;
  private final MethodHandle launchKernel;
  private final MethodHandle streamCreate;
  private final MethodHandle streamSynchronize;
  private final MethodHandle streamWaitEvent;
  private final MethodHandle eventCreate;
  private final MethodHandle eventRecord;
  private final MethodHandle eventQuery;
  private final MethodHandle eventDestroy;
  private final MethodHandle getErrorName;
  private final MethodHandle getErrorString;

  private Driver(NativeLibrary library) {
    getErrorName = library.function("cuGetErrorName", JAVA_INT, ADDRESS);
    getErrorString = library.function("cuGetErrorString", JAVA_INT, ADDRESS);
    deviceGetCount = library.function("cuDeviceGetCount", ADDRESS);
    deviceGet = library.function("cuDeviceGet", ADDRESS, JAVA_INT);
    deviceGetName = library.function("cuDeviceGetName", ADDRESS, JAVA_INT, JAVA_INT);
    deviceGetAttribute = library.function("cuDeviceGetAttribute", ADDRESS, JAVA_INT, JAVA_INT);
    deviceTotalMem = library.function("cuDeviceTotalMem_v2", ADDRESS, JAVA_INT);
    memGetInfo = library.function("cuMemGetInfo_v2", ADDRESS, ADDRESS);
    driverGetVersion = library.function("cuDriverGetVersion", ADDRESS);
    primaryCtxRetain = library.function("cuDevicePrimaryCtxRetain", ADDRESS, JAVA_INT);
    ctxGetCurrent = library.function("cuCtxGetCurrent", ADDRESS);
    ctxPushCurrent = library.function("cuCtxPushCurrent_v2", JAVA_LONG);
    ctxPopCurrent = library.function("cuCtxPopCurrent_v2", ADDRESS);
    moduleLoadData = library.function("cuModuleLoadData", ADDRESS, ADDRESS);
    moduleGetFunction = library.function("cuModuleGetFunction", ADDRESS, JAVA_LONG, ADDRESS);
    funcSetAttribute = library.function("cuFuncSetAttribute", JAVA_LONG, JAVA_INT, JAVA_INT);
    launchKernel =
        library.function(
            "cuLaunchKernel",
            JAVA_LONG,
            JAVA_INT,
            JAVA_INT,
            JAVA_INT,
            JAVA_INT,
            JAVA_INT,
            JAVA_INT,
            JAVA_INT,
            JAVA_LONG,
            ADDRESS,
            ADDRESS);
    streamCreate = library.function("cuStreamCreate", ADDRESS, JAVA_INT);
    streamSynchronize = library.function("cuStreamSynchronize", JAVA_LONG);
    streamWaitEvent = library.function("cuStreamWaitEvent", JAVA_LONG, JAVA_LONG, JAVA_INT);
    eventCreate = library.function("cuEventCreate", ADDRESS, JAVA_INT);
    eventRecord = library.function("cuEventRecord", JAVA_LONG, JAVA_LONG);
    eventQuery = library.function("cuEventQuery", JAVA_LONG);
    eventDestroy = library.function("cuEventDestroy_v2", JAVA_LONG);
    MethodHandle init = library.function("cuInit", JAVA_INT);
    check("cuInit", () -> (int) init.invokeExact(0));
  }

  /** The driver, initialised, or why there is none. */
  private static final class Holder {
    static final @Nullable Driver DRIVER;
    static final String OBSTACLE;

    static {
      Driver driver = null;
      String obstacle = "";
      try {
        driver =
            NativeLibrary.find("libcuda.so.1")
                .map(Driver::new)
                .orElseThrow(
                    () -> new CudaException("no NVIDIA driver is installed (libcuda.so.1)"));
      } catch (CudaException e) {
        obstacle = String.valueOf(e.getMessage());
      }
      DRIVER = driver;
      OBSTACLE = obstacle;
    }
  }

  /** Why the driver cannot be used, in the words of an error; empty if it can. */
  static Optional<String> obstacle() {
    return Holder.DRIVER == null ? Optional.of(Holder.OBSTACLE) : Optional.empty();
  }

  /**
   * The driver of this machine.
   *
   * @throws CudaException when there is none, or none that works
   */
  static Driver get() {
    if (Holder.DRIVER == null) {
      throw new CudaException(Holder.OBSTACLE);
    }
    return Holder.DRIVER;
  }

  private void check(String what, Calls.Call call) {
    int error = Calls.of(call);
    if (error != 0) {
      throw new CudaException(
          what + ": " + text(getErrorName, error) + ", " + text(getErrorString, error));
    }
  }

  @SuppressWarnings("restricted") // the functions return constant texts
  private static String text(MethodHandle function, int error) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment text = arena.allocate(ADDRESS);
      int failure = Calls.of(() -> (int) function.invokeExact(error, text));
      return failure == 0
          ? text.get(ADDRESS, 0).reinterpret(LONGEST_TEXT).getString(0)
          : "error " + error;
    }
  }

  private int getInt(String what, ToIntFunction<MemorySegment> call) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment result = arena.allocate(JAVA_INT);
      check(what, () -> call.applyAsInt(result));
      return result.get(JAVA_INT, 0);
    }
  }

  private long getLong(String what, ToIntFunction<MemorySegment> call) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment result = arena.allocate(JAVA_LONG);
      check(what, () -> call.applyAsInt(result));
      return result.get(JAVA_LONG, 0);
    }
  }

  /** 12040 for CUDA 12.4. */
  int version() {
    return getInt(
        "cuDriverGetVersion", to -> Calls.of(() -> (int) driverGetVersion.invokeExact(to)));
  }

  int deviceCount() {
    return getInt("cuDeviceGetCount", to -> Calls.of(() -> (int) deviceGetCount.invokeExact(to)));
  }

  /** The handle of a device, by its number. */
  int device(int ordinal) {
    return getInt(
        "cuDeviceGet(" + ordinal + ")",
        to -> Calls.of(() -> (int) deviceGet.invokeExact(to, ordinal)));
  }

  String deviceName(int device) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment name = arena.allocate(LONGEST_TEXT);
      check(
          "cuDeviceGetName",
          () -> (int) deviceGetName.invokeExact(name, (int) LONGEST_TEXT, device));
      return name.getString(0);
    }
  }

  int attribute(int attribute, int device) {
    return getInt(
        "cuDeviceGetAttribute",
        to -> Calls.of(() -> (int) deviceGetAttribute.invokeExact(to, attribute, device)));
  }

  long totalMemory(int device) {
    return getLong(
        "cuDeviceTotalMem", to -> Calls.of(() -> (int) deviceTotalMem.invokeExact(to, device)));
  }

  /** Free memory of a device, bytes. */
  long freeMemory(int device) {
    var free = new long[1];
    inContext(
        retainPrimaryContext(device),
        () ->
            free[0] =
                getLong(
                    "cuMemGetInfo",
                    to ->
                        Calls.of(
                            () -> {
                              try (var arena = Arena.ofConfined()) {
                                return (int) memGetInfo.invokeExact(to, arena.allocate(JAVA_LONG));
                              }
                            })));
    return free[0];
  }

  /** The context that CUDA's runtime, and so libtorch, uses on a device. */
  long retainPrimaryContext(int device) {
    return getLong(
        "cuDevicePrimaryCtxRetain",
        to -> Calls.of(() -> (int) primaryCtxRetain.invokeExact(to, device)));
  }

  /** Runs something with a context current on this thread, and leaves the thread as it was. */
  void inContext(long context, Runnable action) {
    long current =
        getLong("cuCtxGetCurrent", to -> Calls.of(() -> (int) ctxGetCurrent.invokeExact(to)));
    if (current == context) {
      action.run();
      return;
    }
    check("cuCtxPushCurrent", () -> (int) ctxPushCurrent.invokeExact(context));
    try {
      action.run();
    } finally {
      getLong("cuCtxPopCurrent", to -> Calls.of(() -> (int) ctxPopCurrent.invokeExact(to)));
    }
  }

  /** Loads a cubin into the current context, for good. */
  long loadModule(String what, byte[] cubin) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment image = arena.allocate(cubin.length, Long.BYTES);
      MemorySegment.copy(cubin, 0, image, JAVA_BYTE, 0, cubin.length);
      return getLong(
          "cuModuleLoadData of " + what,
          to -> Calls.of(() -> (int) moduleLoadData.invokeExact(to, image)));
    }
  }

  long function(long module, String name) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment text = arena.allocateFrom(name);
      return getLong(
          "cuModuleGetFunction of " + name,
          to -> Calls.of(() -> (int) moduleGetFunction.invokeExact(to, module, text)));
    }
  }

  void setFunctionAttribute(String name, long function, int attribute, int value) {
    check(
        "cuFuncSetAttribute of " + name,
        () -> (int) funcSetAttribute.invokeExact(function, attribute, value));
  }

  /**
   * Launches a kernel in the current context.
   *
   * @param arguments an array of addresses of its arguments
   */
  void launch(String name, long function, Grid grid, long stream, MemorySegment arguments) {
    check(
        "launch of " + name + " as " + grid,
        () ->
            (int)
                launchKernel.invokeExact(
                    function,
                    grid.x(),
                    grid.y(),
                    1,
                    grid.threads(),
                    1,
                    1,
                    grid.sharedBytes(),
                    stream,
                    arguments,
                    MemorySegment.NULL));
  }

  /** A stream of the current context that does not wait for the default one. */
  long newStream() {
    return getLong(
        "cuStreamCreate",
        to -> Calls.of(() -> (int) streamCreate.invokeExact(to, STREAM_NON_BLOCKING)));
  }

  /** Waits until a stream has done all that was queued on it. */
  void synchronize(long stream) {
    check("cuStreamSynchronize", () -> (int) streamSynchronize.invokeExact(stream));
  }

  /** An event that happens when a stream of the current context comes to what is queued next. */
  long newEvent(long stream) {
    long event =
        getLong(
            "cuEventCreate",
            to -> Calls.of(() -> (int) eventCreate.invokeExact(to, EVENT_DISABLE_TIMING)));
    check("cuEventRecord", () -> (int) eventRecord.invokeExact(event, stream));
    return event;
  }

  /** Lets a stream wait for an event before it goes on with what is queued after this. */
  void await(long stream, long event) {
    check("cuStreamWaitEvent", () -> (int) streamWaitEvent.invokeExact(stream, event, 0));
  }

  boolean hasHappened(long event) {
    int status = Calls.of(() -> (int) eventQuery.invokeExact(event));
    if (status == NOT_READY) {
      return false;
    }
    check("cuEventQuery", () -> status);
    return true;
  }

  void forget(long event) {
    check("cuEventDestroy", () -> (int) eventDestroy.invokeExact(event));
  }
}
