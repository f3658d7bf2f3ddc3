package dev.filigree.torch;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
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
 * <p>Variables that the environment already sets are kept. {@code docs/production.md} lists all
 * settings.
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
   * Sets the variables that this process needs and its environment does not set. When libtorch is
   * already loaded, one warning lists what came too late and how to fix it. Further calls do
   * nothing.
   */
  public static synchronized void prepare() {
    if (prepared) {
      return;
    }
    prepared = true;
    keepFreedMemory();
    // libtorch's memory is outside the heap: JavaCPP must not limit it to a multiple of -Xmx.
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
      missing.remove(CUBLAS); // does not affect speed
      if (missing.isEmpty()) {
        return;
      }
      LOG.warn(
          "libtorch runs slower than it could: call Libtorch.prepare() before any other use of"
              + " libtorch, or start the JVM with {}",
          missing.entrySet().stream().map(Object::toString).collect(Collectors.joining(" ")));
      return;
    }
    missing.forEach((name, value) -> set(setenv.get(), name, value));
  }

  /**
   * The value of an environment variable for libtorch's libraries: set by this class, or inherited
   * by the JVM.
   */
  public static synchronized Optional<String> variable(String name) {
    return Optional.ofNullable(CHANGED.getOrDefault(name, System.getenv(name)));
  }

  /** By name, in the order of docs/production.md. */
  private static Map<String, String> wanted() {
    var wanted = new LinkedHashMap<String, String>();
    // OpenMP threads that spin while they wait take cores from the JVM's threads.
    wanted.put("OMP_WAIT_POLICY", "PASSIVE");
    // So do OpenBLAS's own threads, for 20 ms after each product, unless told to sleep at once.
    wanted.put("OPENBLAS_THREAD_TIMEOUT", "4");
    if (Processor.current().has("avx512f")) {
      // OpenBLAS treats processors it does not know as AVX2 machines, at half the speed.
      wanted.put("OPENBLAS_CORETYPE", "SKYLAKEX");
    }
    // Deterministic training needs this of cuBLAS; its default on recent GPUs is as large.
    wanted.put(CUBLAS, ":4096:8");
    return wanted;
  }

  /**
   * Every step allocates and frees the same large tensors. By default glibc returns their memory to
   * the system, and every page is faulted in and cleared again: 45,000 pages per step of a
   * two-layer Llama.
   */
  private static void keepFreedMemory() {
    Optional<MethodHandle> mallopt = function("mallopt", INT, INT);
    if (mallopt.isEmpty()) {
      return; // a C library other than glibc
    }
    if (System.getenv("MALLOC_ARENA_MAX") == null) {
      call(mallopt.get(), ARENA_MAX, 1);
    }
    if (System.getenv("MALLOC_TRIM_THRESHOLD_") == null) {
      call(mallopt.get(), TRIM_THRESHOLD, -1); // never automatically: NativeMemory.giveBack does it
    }
    if (System.getenv("MALLOC_MMAP_THRESHOLD_") == null
        && call(mallopt.get(), MMAP_THRESHOLD, LARGE) == 0) {
      call(mallopt.get(), MMAP_THRESHOLD, LARGEST_OF_OLDER_GLIBC);
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
