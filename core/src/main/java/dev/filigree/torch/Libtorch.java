package dev.filigree.torch;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.bytedeco.javacpp.Loader;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The settings that libtorch's libraries need for full speed. They read them from the environment
 * at the moment they are loaded, so a program calls {@link #prepare} first of all:
 *
 * <pre>{@code
 * public static void main(String[] args) {
 *   Libtorch.prepare();
 *   ...
 * }
 * }</pre>
 *
 * <p>What the environment already says stays as it is. {@code docs/production.md} has the table of
 * all settings.
 */
public final class Libtorch {
  private static final Logger LOG = LoggerFactory.getLogger(Libtorch.class);

  /** For mallopt(3). */
  private static final int TRIM_THRESHOLD = -1;

  private static final int MMAP_THRESHOLD = -3;
  private static final int ARENA_MAX = -8;

  private static final int LARGE = 128 << 20; // bytes
  private static final int LARGEST_OF_OLDER_GLIBC = 32 << 20; // bytes

  private static final String CUBLAS = "CUBLAS_WORKSPACE_CONFIG";

  private static final List<String> LIMITS =
      List.of("org.bytedeco.javacpp.maxbytes", "org.bytedeco.javacpp.maxphysicalbytes");

  private static final ValueLayout ADDRESS = ValueLayout.ADDRESS;
  private static final ValueLayout INT = ValueLayout.JAVA_INT;

  private static final Map<String, String> CHANGED = new LinkedHashMap<>();
  private static boolean prepared;

  private Libtorch() {}

  /**
   * Sets what this process needs and its environment leaves open. Where libtorch is loaded already,
   * a warning says once what came too late, and how to mend it. Further calls do nothing.
   */
  public static synchronized void prepare() {
    if (prepared) {
      return;
    }
    prepared = true;
    keepFreedMemory();
    // libtorch's memory is not the heap's: JavaCPP must not hold it to a multiple of -Xmx.
    LIMITS.stream()
        .filter(limit -> System.getProperty(limit) == null)
        .forEach(limit -> System.setProperty(limit, "0"));
    Map<String, String> missing = wanted();
    missing.keySet().removeIf(name -> System.getenv(name) != null);
    if (missing.isEmpty()) {
      return;
    }
    Optional<MethodHandle> setenv = function("setenv", ADDRESS, ADDRESS, INT);
    if (isLoaded() || setenv.isEmpty()) {
      missing.remove(CUBLAS); // of no matter for speed
      if (missing.isEmpty()) {
        return;
      }
      LOG.warn(
          "libtorch runs slower than it could: call Libtorch.prepare() before anything else of"
              + " libtorch, or start the JVM with {}",
          missing.entrySet().stream().map(Object::toString).collect(Collectors.joining(" ")));
      return;
    }
    missing.forEach((name, value) -> set(setenv.get(), name, value));
  }

  /** What a variable is for libtorch's libraries: as this class set it, or as the JVM found it. */
  public static synchronized Optional<String> variable(String name) {
    return Optional.ofNullable(CHANGED.getOrDefault(name, System.getenv(name)));
  }

  /** By name, in the order of docs/production.md. */
  private static Map<String, String> wanted() {
    var wanted = new LinkedHashMap<String, String>();
    // Threads of OpenMP that spin while they wait take the cores from the JVM's.
    wanted.put("OMP_WAIT_POLICY", "PASSIVE");
    // So do OpenBLAS's own, for 20 ms after each product, unless they are told to sleep at once.
    wanted.put("OPENBLAS_THREAD_TIMEOUT", "4");
    if (hasAvx512()) {
      // OpenBLAS takes processors that it does not know for AVX2 machines, at half the speed.
      wanted.put("OPENBLAS_CORETYPE", "SKYLAKEX");
    }
    // What deterministic training needs of cuBLAS; its own default on recent GPUs is as large.
    wanted.put(CUBLAS, ":4096:8");
    return wanted;
  }

  /**
   * Every step takes and frees the same large tensors. By default glibc gives their memory back to
   * the system, and every page of it is faulted in and cleared anew: 45,000 pages a step of a
   * two-layer Llama.
   */
  private static void keepFreedMemory() {
    Optional<MethodHandle> mallopt = function("mallopt", INT, INT);
    if (mallopt.isEmpty()) {
      return; // another C library than glibc
    }
    if (System.getenv("MALLOC_ARENA_MAX") == null) {
      call(mallopt.get(), ARENA_MAX, 1);
    }
    if (System.getenv("MALLOC_TRIM_THRESHOLD_") == null) {
      call(mallopt.get(), TRIM_THRESHOLD, -1); // never by itself: NativeMemory.giveBack does
    }
    if (System.getenv("MALLOC_MMAP_THRESHOLD_") == null
        && call(mallopt.get(), MMAP_THRESHOLD, LARGE) == 0) {
      call(mallopt.get(), MMAP_THRESHOLD, LARGEST_OF_OLDER_GLIBC);
    }
  }

  private static boolean hasAvx512() {
    try {
      return Files.readString(Path.of("/proc/cpuinfo")).contains(" avx512f ");
    } catch (IOException e) {
      return false; // not Linux: OpenBLAS finds out by itself
    }
  }

  private static boolean isLoaded() {
    return Loader.getLoadedLibraries().keySet().stream()
        .anyMatch(
            name -> List.of("torch_cpu", "c10", "openblas").stream().anyMatch(name::contains));
  }

  /** A function of the C library that returns an int. */
  @SuppressWarnings("restricted") // int setenv(char*, char*, int) and int mallopt(int, int)
  private static Optional<MethodHandle> function(String name, ValueLayout... parameters) {
    Linker linker = Linker.nativeLinker();
    return linker
        .defaultLookup()
        .find(name)
        .map(symbol -> linker.downcallHandle(symbol, FunctionDescriptor.of(INT, parameters)));
  }

  private static int call(MethodHandle mallopt, int parameter, int value) {
    try {
      return (int) mallopt.invokeExact(parameter, value);
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  private static void set(MethodHandle setenv, String name, String value) {
    try (var arena = Arena.ofConfined()) {
      int _ = (int) setenv.invokeExact(arena.allocateFrom(name), arena.allocateFrom(value), 1);
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
    CHANGED.put(name, value);
  }
}
