package dev.filigree.zoo.model;

import dev.filigree.config.ConfigMap;
import dev.filigree.config.ConfigNode;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What the readers of {@code config.json} share. */
final class HuggingFaceKeys {
  /** Keys that say nothing about the network, or that are read by others. */
  private static final Set<String> HARMLESS =
      Set.of(
          "_name_or_path",
          "architectures",
          "bos_token_id",
          "dtype",
          "eos_token_id",
          "model_type",
          "pad_token_id",
          "sparsity",
          "torch_dtype",
          "transformers_version",
          "use_cache");

  private HuggingFaceKeys() {}

  /** The token ids at a key that holds one, several or none. */
  static List<Long> tokens(ConfigMap config, String key) {
    return config
        .get(key)
        .map(node -> node.asList().items().stream().map(ConfigNode::asLong).toList())
        .orElse(List.of());
  }

  static void putTokens(Map<String, Object> config, String key, List<Long> tokens) {
    if (tokens.size() == 1) {
      config.put(key, tokens.getFirst());
    } else if (!tokens.isEmpty()) {
      config.put(key, tokens);
    }
  }

  /** The number of classes of a network for pictures. */
  static long classes(ConfigMap config) {
    config.allow("id2label", "label2id", "problem_type");
    return config
        .get("id2label")
        .map(labels -> (long) labels.asMap().entries().size())
        .orElseGet(() -> config.integer("num_labels", 1000));
  }

  /** Throws unless a key is missing or has the one value that is supported. */
  static void only(ConfigMap config, String key, boolean supported) {
    if (config.flag(key, supported) != supported) {
      throw config.require(key).error("%s is not supported".formatted(!supported));
    }
  }

  /** Notes every key that was not asked for and may mean something. */
  static void noteUnused(ConfigMap config, List<String> notes, String... harmless) {
    config.allow(HARMLESS.toArray(String[]::new));
    config.allow(harmless);
    config.unknown().forEach(node -> notes.add(node.location() + ": not used"));
  }
}
