package dev.filigree.zoo.model;

import dev.filigree.config.ConfigMap;
import dev.filigree.config.ConfigNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The keys of Hugging Face's {@code config.json} for rotary positions: {@code rope_parameters}, and
 * those of transformers before version 5. They are all written, since a reader that knows one form
 * only must not fall back to its defaults; where a file has several, they must agree.
 *
 * @param theta the family's own key for the base, beside those in the blocks
 * @param part the family's own key for the fraction of each head that rotates
 * @param defaultPart that fraction where no key says it
 */
record RotaryKeys(String theta, String part, double defaultPart) {
  private static final String THETA = "rope_theta";
  private static final String PART = "partial_rotary_factor";

  /** Of Llama and Mistral, where the whole head rotates. */
  static final RotaryKeys LLAMA = new RotaryKeys(THETA, PART, 1);

  /** Of GPT-NeoX. */
  static final RotaryKeys NEOX = new RotaryKeys("rotary_emb_base", "rotary_pct", 0.25);

  private static final double DEFAULT_THETA = 10_000;

  /** The base and the scaling. */
  RotaryConfig read(ConfigMap config) {
    List<ConfigMap> blocks = blocks(config);
    double base = agreed(config, blocks, theta, THETA, DEFAULT_THETA);
    RotaryConfig.Scaling scaling = new RotaryConfig.None();
    for (ConfigMap block : blocks) {
      RotaryConfig.Scaling found = readScaling(block);
      if (block != blocks.getFirst() && !found.equals(scaling)) {
        throw block.error("says %s, rope_parameters says %s".formatted(found, scaling));
      }
      scaling = found;
      block.allow(PART);
      block.rejectUnknown();
    }
    return new RotaryConfig(base, scaling);
  }

  /** The fraction of each head's components that rotate. */
  double readPart(ConfigMap config) {
    return agreed(config, blocks(config), part, PART, defaultPart);
  }

  private static List<ConfigMap> blocks(ConfigMap config) {
    var blocks = new ArrayList<ConfigMap>();
    config.get("rope_parameters").ifPresent(node -> blocks.add(node.asMap()));
    config.get("rope_scaling").ifPresent(node -> blocks.add(node.asMap()));
    return blocks;
  }

  /**
   * The number at the family's key or in the blocks. The blocks' key may stand beside the blocks
   * too, where transformers writes it but does not read it.
   */
  private static double agreed(
      ConfigMap config, List<ConfigMap> blocks, String key, String blockKey, double fallback) {
    var nodes = new ArrayList<ConfigNode>();
    config.get(key).ifPresent(nodes::add);
    blocks.forEach(block -> block.get(blockKey).ifPresent(nodes::add));
    double value = nodes.isEmpty() ? fallback : nodes.getFirst().asDouble();
    config.get(blockKey).ifPresent(nodes::add);
    for (ConfigNode node : nodes) {
      if (node.asDouble() != value) {
        throw node.error(
            "contradicts %s, which is %s%s"
                .formatted(key, value, config.has(key) ? "" : " where it is not given"));
      }
    }
    return value;
  }

  private static RotaryConfig.Scaling readScaling(ConfigMap block) {
    String type = null;
    for (String key : List.of("rope_type", "type")) {
      ConfigNode node = block.get(key).orElse(null);
      if (node != null) {
        check(node, type);
        type = node.asString();
      }
    }
    return switch (type) {
      case "linear" -> new RotaryConfig.LinearScaling(block.number("factor"));
      case "llama3" ->
          new RotaryConfig.Llama3(
              block.number("factor"),
              block.number("low_freq_factor"),
              block.number("high_freq_factor"),
              block.integer("original_max_position_embeddings"));
      case null, default -> new RotaryConfig.None();
    };
  }

  private static void check(ConfigNode node, @Nullable String other) {
    String type = node.asString();
    if (!List.of("default", "linear", "llama3").contains(type)) {
      throw node.error(
          "rotary scaling '%s' is not supported; supported are default, linear, llama3"
              .formatted(type));
    }
    if (other != null && !other.equals(type)) {
      throw node.error("is '%s', rope_type is '%s': they must agree".formatted(type, other));
    }
  }

  /**
   * Adds every key that a version of transformers reads.
   *
   * @param size the components of a head that rotate
   * @param headSize the components of a head
   */
  void put(Map<String, @Nullable Object> config, RotaryConfig rotary, long size, long headSize) {
    var block = new LinkedHashMap<String, Object>();
    switch (rotary.scaling()) {
      case RotaryConfig.None _ -> block.put("rope_type", "default");
      case RotaryConfig.LinearScaling linear -> {
        block.put("rope_type", "linear");
        block.put("factor", linear.factor());
      }
      case RotaryConfig.Llama3 llama3 -> {
        block.put("rope_type", "llama3");
        block.put("factor", llama3.factor());
        block.put("low_freq_factor", llama3.lowFrequencyFactor());
        block.put("high_freq_factor", llama3.highFrequencyFactor());
        block.put("original_max_position_embeddings", llama3.originalContext());
      }
    }
    block.put(THETA, rotary.theta());
    config.put(theta, rotary.theta());
    config.put(THETA, rotary.theta());
    if (!part.equals(PART)) { // else the whole head rotates, and there is no such key
      double fraction = fraction(size, headSize);
      block.put(PART, fraction);
      config.put(part, fraction);
      config.put(PART, fraction);
    }
    if (!(rotary.scaling() instanceof RotaryConfig.None)) {
      config.put("rope_scaling", block);
    }
    config.put("rope_parameters", block);
  }

  /** A fraction from which readers get the size again: they round its product down. */
  private static double fraction(long size, long headSize) {
    double fraction = (double) size / headSize;
    return (long) (headSize * fraction) < size ? Math.nextUp(fraction) : fraction;
  }
}
