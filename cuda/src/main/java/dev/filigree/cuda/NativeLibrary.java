package dev.filigree.cuda;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * A library of the system, loaded for good. Its functions return int error codes.
 *
 * @param name the name or path that it was found by
 */
record NativeLibrary(String name, SymbolLookup symbols) {
  /** Where CUDA's libraries lie when the dynamic linker does not know them. */
  private static final List<String> FOLDERS =
      List.of(
          "/usr/local/cuda/lib64",
          "/usr/local/cuda-*/lib64",
          "/opt/cuda/lib64",
          "/usr/lib/x86_64-linux-gnu",
          "/usr/lib/wsl/lib");

  /** Folders of pip's packages of NVIDIA's libraries, under a Python's site-packages. */
  private static final List<String> PACKAGES =
      List.of(
          "/usr/local/lib/python3*/{site,dist}-packages/nvidia",
          "/usr/lib/python3*/{site,dist}-packages/nvidia",
          "/opt/*/lib/python3*/site-packages/nvidia");

  /** The first of these names that the dynamic linker knows, or that lies in a usual folder. */
  static Optional<NativeLibrary> find(String... names) {
    var candidates = new ArrayList<>(List.of(names));
    for (Path folder : folders()) {
      for (String name : names) {
        Path file = folder.resolve(name);
        if (Files.exists(file)) {
          candidates.add(file.toString());
        }
      }
    }
    return candidates.stream().flatMap(name -> load(name).stream()).findFirst();
  }

  /** Whether the dynamic linker finds a library by its name alone. */
  @SuppressWarnings("restricted") // loads and unloads it
  static boolean isLinked(String name) {
    try (Arena arena = Arena.ofConfined()) {
      SymbolLookup.libraryLookup(name, arena);
      return true;
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  /** The usual folder that a library lies in; empty where none has it. */
  static Optional<Path> folder(String name) {
    return folders().stream().filter(folder -> Files.exists(folder.resolve(name))).findFirst();
  }

  private static List<Path> folders() {
    var folders = new ArrayList<Path>();
    for (String variable : List.of("CUDA_HOME", "CUDA_PATH")) {
      String home = System.getenv(variable);
      if (home != null && !home.isBlank()) {
        folders.add(Path.of(home, "lib64"));
      }
    }
    FOLDERS.forEach(pattern -> folders.addAll(matching(pattern)));
    for (String pattern : PACKAGES) {
      for (Path packages : matching(pattern)) {
        folders.addAll(matching(packages + "/*/lib"));
      }
    }
    return folders;
  }

  /** The folders of a pattern whose names may have wildcards, later versions first. */
  private static List<Path> matching(String pattern) {
    List<Path> found = List.of(FileSystems.getDefault().getPath("/"));
    for (String part : pattern.substring(1).split("/", -1)) {
      var next = new ArrayList<Path>();
      for (Path folder : found) {
        if (part.matches("[\\w.-]+")) {
          next.add(folder.resolve(part));
        } else {
          next.addAll(children(folder, part));
        }
      }
      found = next.stream().filter(Files::isDirectory).toList();
    }
    return found;
  }

  private static List<Path> children(Path folder, String glob) {
    var children = new ArrayList<Path>();
    try (DirectoryStream<Path> stream = Files.newDirectoryStream(folder, glob)) {
      stream.forEach(children::add);
    } catch (IOException e) {
      return List.of(); // a folder that cannot be read holds nothing for us
    }
    return children.stream().sorted(Comparator.reverseOrder()).toList();
  }

  @SuppressWarnings("restricted") // runs the initialisers of NVIDIA's libraries
  private static Optional<NativeLibrary> load(String name) {
    try {
      SymbolLookup symbols =
          name.startsWith("/")
              ? SymbolLookup.libraryLookup(Path.of(name), Arena.global())
              : SymbolLookup.libraryLookup(name, Arena.global());
      return Optional.of(new NativeLibrary(name, symbols));
    } catch (IllegalArgumentException e) {
      return Optional.empty(); // not there, or made for another machine
    }
  }

  /**
   * A function that returns an int.
   *
   * @throws CudaException when the library is too old to have it
   */
  @SuppressWarnings("restricted") // the callers know the functions
  MethodHandle function(String function, MemoryLayout... arguments) {
    return symbols
        .find(function)
        .map(
            symbol ->
                Linker.nativeLinker()
                    .downcallHandle(symbol, FunctionDescriptor.of(ValueLayout.JAVA_INT, arguments)))
        .orElseThrow(() -> new CudaException(name + " has no " + function + ": it is too old"));
  }
}
