package dev.filigree.torch;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What Linux says of a processor.
 *
 * @param lines of {@code /proc/cpuinfo}; none on another system
 */
public record Processor(List<String> lines) {
  private static final Logger LOG = LoggerFactory.getLogger(Processor.class);
  private static final Processor CURRENT = read(Path.of("/proc/cpuinfo"));

  /** As Linux names them: AVX-512's and AMX's on x86, and those of Arm. */
  private static final Set<String> BFLOAT16 = Set.of("avx512_bf16", "amx_bf16", "bf16");

  /** Copies the list. */
  public Processor {
    lines = List.copyOf(lines);
  }

  /** The one that this program runs on. */
  public static Processor current() {
    return CURRENT;
  }

  /** Its name and model, such as AMD EPYC 17; the architecture where they are not known. */
  public String name() {
    String name = values("model name", "model").distinct().collect(Collectors.joining()).strip();
    return name.isEmpty() ? System.getProperty("os.arch") : name;
  }

  /** Whether it has an extension, by Linux's name, such as avx512f; false where it is not known. */
  public boolean has(String extension) {
    return values("flags", "Features")
        .anyMatch(value -> List.of(value.split(" ")).contains(extension));
  }

  /**
   * Whether it has units that multiply bfloat16. Without them libtorch converts every number, which
   * takes several times as long as to multiply in float32.
   */
  public boolean multipliesBfloat16() {
    return BFLOAT16.stream().anyMatch(this::has);
  }

  private Stream<String> values(String... keys) {
    return Stream.of(keys)
        .flatMap(
            key ->
                lines.stream()
                    .map(line -> line.split(":", 2))
                    .filter(parts -> parts.length == 2 && parts[0].strip().equals(key))
                    .map(parts -> parts[1]));
  }

  private static Processor read(Path file) {
    try {
      return new Processor(Files.readAllLines(file));
    } catch (IOException e) {
      LOG.debug("no {}", file, e);
      return new Processor(List.of());
    }
  }
}
