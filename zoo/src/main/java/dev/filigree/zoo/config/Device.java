package dev.filigree.zoo.config;

import dev.filigree.config.ConfigMap;
import dev.filigree.config.ConfigNode;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Where a run computes: the block {@code backend}, or the key {@code device}.
 *
 * @param index which GPU, as in {@code cuda:1}; 0 for what is no GPU
 */
public record Device(Kind kind, int index) {
  /** A GPU where libtorch finds one, else the CPU. */
  public static final Device AUTO = new Device(Kind.AUTO, 0);

  public static final Device CPU = new Device(Kind.CPU, 0);

  /** What can be configured, in words. */
  public static final String NAMES = "auto, cpu, cuda, cuda:1";

  private static final Pattern GPU =
      Pattern.compile("(?:cuda|gpu)(?::(\\d{1,3}))?", Pattern.CASE_INSENSITIVE);

  /** Kinds of devices. */
  public enum Kind {
    /** A GPU where there is one, else the processors. */
    AUTO,
    /** The processors. */
    CPU,
    /** An NVIDIA GPU. */
    CUDA
  }

  /** Reads either key; the Model Zoo's CSX becomes AUTO with a note. */
  static Device read(ConfigMap init, List<String> notes) {
    Optional<ConfigNode> type = init.get("device");
    Optional<ConfigNode> backend = init.get("backend");
    if (backend.isPresent()) {
      ConfigMap block = backend.get().asMap();
      Optional<ConfigNode> named = block.get("backend_type");
      if (type.isPresent() && named.isPresent()) {
        throw type.get().error("backend.backend_type says the same: give one");
      }
      type = type.or(() -> named);
      // The other keys of a backend are a compiler's and a cluster's.
      block
          .entries()
          .forEach(
              (key, node) -> {
                if (!key.equals("backend_type")) {
                  notes.add(node.note("left out: only Cerebras hardware has it"));
                }
              });
    }
    return type.map(node -> parse(node, notes)).orElse(AUTO);
  }

  private static Device parse(ConfigNode node, List<String> notes) {
    if (node.asString().equalsIgnoreCase("CSX")) {
      notes.add(node.note("CSX is Cerebras hardware: a GPU where there is one, or CPU"));
      return AUTO;
    }
    return of(node.asString())
        .orElseThrow(() -> node.error("allowed: " + NAMES + "; found " + node.kind()));
  }

  /** The device of a name, in any case; empty for another text. */
  public static Optional<Device> of(String name) {
    Matcher gpu = GPU.matcher(name);
    if (gpu.matches()) {
      String number = gpu.group(1);
      return Optional.of(new Device(Kind.CUDA, number == null ? 0 : Integer.parseInt(number)));
    }
    return Stream.of(AUTO, CPU).filter(each -> each.toString().equalsIgnoreCase(name)).findFirst();
  }

  Map<String, Object> toConfig() {
    return Map.of("backend_type", toString());
  }

  /** As it is configured: {@code auto}, {@code cpu}, {@code cuda}, {@code cuda:1}. */
  @Override
  public String toString() {
    return kind.name().toLowerCase(Locale.ROOT) + (index == 0 ? "" : ":" + index);
  }
}
