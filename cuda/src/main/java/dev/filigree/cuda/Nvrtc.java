package dev.filigree.cuda;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** NVIDIA's run-time compiler for CUDA C++. It needs no GPU. */
public final class Nvrtc {
  /** Newest first. */
  private static final String[] NAMES = {"libnvrtc.so.13", "libnvrtc.so.12", "libnvrtc.so"};

  private static final Pattern ERROR_LINE =
      Pattern.compile("\\((\\d+)\\): (?:catastrophic )?error");

  private final String library;
  private final MethodHandle version;
  private final MethodHandle createProgram;
  private final MethodHandle compileProgram;
  private final MethodHandle destroyProgram;
  private final MethodHandle getLogSize;
  private final MethodHandle getLog;
  private final MethodHandle getCubinSize;
  private final MethodHandle getCubin;

  private Nvrtc(NativeLibrary found) {
    library = found.name();
    version = found.function("nvrtcVersion", ADDRESS, ADDRESS);
    createProgram =
        found.function("nvrtcCreateProgram", ADDRESS, ADDRESS, ADDRESS, JAVA_INT, ADDRESS, ADDRESS);
    compileProgram = found.function("nvrtcCompileProgram", JAVA_LONG, JAVA_INT, ADDRESS);
    destroyProgram = found.function("nvrtcDestroyProgram", ADDRESS);
    getLogSize = found.function("nvrtcGetProgramLogSize", JAVA_LONG, ADDRESS);
    getLog = found.function("nvrtcGetProgramLog", JAVA_LONG, ADDRESS);
    getCubinSize = found.function("nvrtcGetCUBINSize", JAVA_LONG, ADDRESS);
    getCubin = found.function("nvrtcGetCUBIN", JAVA_LONG, ADDRESS);
  }

  private static final class Holder {
    static final Optional<Nvrtc> FOUND = NativeLibrary.find(NAMES).map(Nvrtc::new);
  }

  /** The compiler of this machine; empty where there is none. */
  public static Optional<Nvrtc> find() {
    return Holder.FOUND;
  }

  /** The name or path of the library. */
  public String library() {
    return library;
  }

  /** Its version, as 12.6. */
  public String version() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment major = arena.allocate(JAVA_INT);
      MemorySegment minor = arena.allocate(JAVA_INT);
      check("nvrtcVersion", () -> (int) version.invokeExact(major, minor));
      return major.get(JAVA_INT, 0) + "." + minor.get(JAVA_INT, 0);
    }
  }

  /**
   * Compiles a source to a cubin.
   *
   * @param architecture of the card, {@code sm_90}
   * @throws CudaException naming the kernel and the line of each error
   */
  public byte[] compile(KernelSource source, String architecture) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment handle = arena.allocate(JAVA_LONG);
      check(
          "nvrtcCreateProgram of " + source,
          () ->
              (int)
                  createProgram.invokeExact(
                      handle,
                      arena.allocateFrom(source.text()),
                      arena.allocateFrom(source.name()),
                      1,
                      texts(arena, KernelSource.header()),
                      texts(arena, KernelSource.HEADER)));
      long program = handle.get(JAVA_LONG, 0);
      try {
        var options = new ArrayList<>(source.options());
        options.add("--gpu-architecture=" + architecture);
        options.add("--std=c++17");
        options.add("--generate-line-info");
        MemorySegment array = texts(arena, options.toArray(String[]::new));
        int count = options.size();
        int error = Calls.of(() -> (int) compileProgram.invokeExact(program, count, array));
        if (error != 0) {
          throw failure(source, architecture, log(program));
        }
        return bytes("nvrtcGetCUBIN", program, getCubinSize, getCubin);
      } finally {
        check("nvrtcDestroyProgram", () -> (int) destroyProgram.invokeExact(handle));
      }
    }
  }

  private static MemorySegment texts(Arena arena, String... texts) {
    MemorySegment array = arena.allocate(ADDRESS, texts.length);
    for (int i = 0; i < texts.length; i++) {
      array.setAtIndex(ADDRESS, i, arena.allocateFrom(texts[i]));
    }
    return array;
  }

  private String log(long program) {
    byte[] bytes = bytes("nvrtcGetProgramLog", program, getLogSize, getLog);
    return new String(bytes, StandardCharsets.UTF_8).replace("\0", "").strip();
  }

  private static byte[] bytes(String what, long program, MethodHandle size, MethodHandle read) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment length = arena.allocate(JAVA_LONG);
      check(what + "Size", () -> (int) size.invokeExact(program, length));
      MemorySegment bytes = arena.allocate(Math.max(1, length.get(JAVA_LONG, 0)));
      check(what, () -> (int) read.invokeExact(program, bytes));
      return bytes.toArray(JAVA_BYTE);
    }
  }

  /** The kernel and the line of the first error, and then the compiler's words. */
  private static CudaException failure(KernelSource source, String architecture, String log) {
    Matcher matcher = ERROR_LINE.matcher(log);
    String where =
        matcher.find()
            ? "%s (%s, line %s)"
                .formatted(
                    source.kernelAt(Integer.parseInt(matcher.group(1))),
                    source.name(),
                    matcher.group(1))
            : source.toString();
    return new CudaException(
        "kernel " + where + " does not compile for " + architecture + ":\n" + log);
  }

  private static void check(String what, Calls.Call call) {
    int error = Calls.of(call);
    if (error != 0) {
      throw new CudaException(what + ": NVRTC error " + error);
    }
  }
}
