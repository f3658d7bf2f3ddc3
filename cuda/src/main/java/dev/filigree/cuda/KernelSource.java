package dev.filigree.cuda;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;

/**
 * A file of kernels in CUDA C++, to be compiled for one choice of its macros. It may include {@code
 * scalar.cuh}, which has the 16-bit types, and nothing else.
 *
 * @param name of the file, for messages
 * @param text the file
 * @param macros that it is compiled with
 */
public record KernelSource(String name, String text, Map<String, String> macros) {
  /** The file that sources may include. */
  static final String HEADER = "scalar.cuh";

  /** A source with a copy of its macros. */
  public KernelSource {
    macros = Map.copyOf(macros);
  }

  /**
   * A resource beside a class.
   *
   * @throws IllegalArgumentException when there is none of this name
   */
  public static KernelSource of(Class<?> beside, String name) {
    return new KernelSource(name, read(beside, name), Map.of());
  }

  /** The same with a macro: {@code with("SCALAR", "bfloat16")}. */
  public KernelSource with(String macro, String value) {
    var more = new TreeMap<>(macros);
    more.put(macro, value);
    return new KernelSource(name, text, more);
  }

  /** The text of {@link #HEADER}. */
  static String header() {
    return read(KernelSource.class, HEADER);
  }

  private static String read(Class<?> beside, String name) {
    try (InputStream stream = beside.getResourceAsStream(name)) {
      if (stream == null) {
        throw new IllegalArgumentException(
            "there is no resource '" + name + "' beside " + beside.getName());
      }
      return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The names of its kernels, in its order. */
  public List<String> kernels() {
    return List.copyOf(Signature.of(text).keySet());
  }

  /**
   * The declaration of a kernel.
   *
   * @throws IllegalArgumentException when there is none of this name
   */
  Signature signature(String kernel) {
    Map<String, Signature> all = Signature.of(text);
    if (!all.containsKey(kernel)) {
      throw new IllegalArgumentException(
          "there is no kernel '%s' in %s, only %s".formatted(kernel, name, all.keySet()));
    }
    return Objects.requireNonNull(all.get(kernel));
  }

  /** The kernel that a line belongs to; the file where it stands before all of them. */
  String kernelAt(int line) {
    String found = name;
    for (Signature signature : Signature.of(text).values()) {
      if (signature.line() <= line) {
        found = signature.name();
      }
    }
    return found;
  }

  /** The macros as a compiler's options. */
  List<String> options() {
    return macros.entrySet().stream()
        .sorted(Map.Entry.comparingByKey())
        .map(macro -> "-D" + macro.getKey() + "=" + macro.getValue())
        .toList();
  }

  @Override
  public String toString() {
    return macros.isEmpty() ? name : name + options();
  }
}
