package dev.filigree.zoo.config;

import dev.filigree.config.ConfigMap;
import dev.filigree.config.ConfigNode;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** Where a run computes: the block {@code backend}, or the key {@code device}. */
public enum Device {
  /** A GPU where libtorch finds one, else the CPU. */
  AUTO,
  CPU,
  CUDA;

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
    return switch (node.asString().toUpperCase(Locale.ROOT)) {
      case "GPU" -> CUDA;
      case "CSX" -> {
        notes.add(node.note("CSX is Cerebras hardware: a GPU where there is one, or CPU"));
        yield AUTO;
      }
      default -> node.asEnum(Device.class);
    };
  }

  Map<String, Object> toConfig() {
    return Map.of("backend_type", name().toLowerCase(Locale.ROOT));
  }
}
