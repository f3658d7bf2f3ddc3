package dev.filigree.zoo.model;

import dev.filigree.config.ConfigMap;
import dev.filigree.config.ConfigNode;
import dev.filigree.nn.Initializer;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The {@code model} block of a Model Zoo configuration, with what its readers share: keys that this
 * library knows but that can have one value only, keys that steer Cerebras hardware, initializers.
 */
final class ModelZooBlock {
  private static final String[] HARDWARE = {
    "attention_kernel",
    "attention_softmax_fp32",
    "boundary_casting",
    "compute_eval_metrics",
    "fold_rope_consts",
    "fp16_type",
    "mixed_precision",
    "pad_rope",
    "precision_opt_level",
    "to_float16",
    "use_experimental_flex_api"
  };

  private final ConfigMap map;
  private final List<String> notes;

  ModelZooBlock(ConfigMap map, List<String> notes) {
    this.map = map;
    this.notes = notes;
    map.allow("name");
  }

  ConfigMap map() {
    return map;
  }

  long integer(String key, long fallback) {
    return map.integer(key, fallback);
  }

  double number(String key, double fallback) {
    return map.number(key, fallback);
  }

  boolean flag(String key, boolean fallback) {
    return map.flag(key, fallback);
  }

  /** The number at a key, or null where there is none. */
  @Nullable Double number(String key) {
    return map.get(key).map(ConfigNode::asDouble).orElse(null);
  }

  /** Knows a key that may be left out, or hold one of these values (null included). */
  void only(String key, @Nullable Object... supported) {
    map.get(key)
        .ifPresent(
            node -> {
              Object found = node.toJava();
              if (Arrays.stream(supported).noneMatch(value -> same(value, found))) {
                throw node.error(
                    "%s is not supported; supported is %s"
                        .formatted(
                            node.kind(),
                            Arrays.stream(supported)
                                .map(String::valueOf)
                                .collect(Collectors.joining(", "))));
              }
            });
  }

  private static boolean same(@Nullable Object supported, @Nullable Object found) {
    if (supported instanceof Number a && found instanceof Number b) {
      return a.doubleValue() == b.doubleValue();
    }
    return Objects.equals(supported, found);
  }

  /** Knows keys that must be left out or empty: they ask for what is not there. */
  void unsupported(String... keys) {
    for (String key : keys) {
      map.get(key)
          .filter(node -> !isEmpty(node))
          .ifPresent(
              node -> {
                throw node.error("is not supported; leave it out");
              });
    }
  }

  private static boolean isEmpty(ConfigNode node) {
    return switch (node.toJava()) {
      case Map<?, ?> map -> map.isEmpty();
      case List<?> list -> list.isEmpty();
      case Boolean flag -> !flag;
      case null, default -> false;
    };
  }

  /** An initializer block; a text is its name alone. */
  @Nullable Initializer initializer(String key) {
    return map.get(key).map(ModelZooBlock::readInitializer).orElse(null);
  }

  private static Initializer readInitializer(ConfigNode node) {
    ConfigMap map =
        node instanceof ConfigMap block
            ? block
            : new ConfigMap(node.location(), Map.of("name", node));
    ConfigNode name = map.require("name");
    try {
      Initializer initializer =
          switch (name.asString()) {
            case "zeros" -> new Initializer.Constant(0);
            case "ones" -> new Initializer.Constant(1);
            case "constant" -> new Initializer.Constant(map.number("val"));
            case "uniform" ->
                new Initializer.Uniform(map.number("a", -0.05), map.number("b", 0.05));
            case "normal" -> new Initializer.Normal(map.number("mean", 0), map.number("std", 0.05));
            case "truncated_normal" -> {
              double std = map.number("std", 0.05);
              yield new Initializer.TruncatedNormal(
                  map.number("mean", 0), std, map.number("a", -2 * std), map.number("b", 2 * std));
            }
            default ->
                throw name.error(
                    "unknown initializer '%s'; known are constant, normal, ones, truncated_normal, uniform, zeros"
                        .formatted(name.asString()));
          };
      map.rejectUnknown();
      return initializer;
    } catch (IllegalArgumentException e) {
      throw node.error(String.valueOf(e.getMessage()));
    }
  }

  /** Knows the loss: it is always the mean over the tokens that count. */
  void loss() {
    map.get("loss_scaling")
        .filter(node -> !node.asString().equals("num_tokens"))
        .ifPresent(
            node ->
                notes.add(node.note("the loss is the mean over the tokens that count instead")));
    map.get("loss_weight")
        .filter(node -> node.asDouble() != 1)
        .ifPresent(node -> notes.add(node.note("not used")));
  }

  /** The last call: notes hardware keys, rejects unknown ones. */
  void finish() {
    for (String key : HARDWARE) {
      map.note(key, "has no effect here, it steers other hardware", notes);
    }
    map.rejectUnknown();
  }
}
