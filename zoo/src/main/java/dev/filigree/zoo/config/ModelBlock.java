package dev.filigree.zoo.config;

import dev.filigree.config.ConfigMap;
import dev.filigree.zoo.model.ModelConfig;
import dev.filigree.zoo.model.Models;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The block {@code model}.
 *
 * @param block as it was written, since a network's configuration has no Model Zoo form of its own,
 *     with the defaults of the keys that were left out: a run means the same whatever they become
 * @param config what it means
 */
public record ModelBlock(Map<String, @Nullable Object> block, ModelConfig config) {
  /** The block is copied. */
  public ModelBlock {
    block = Collections.unmodifiableMap(new LinkedHashMap<>(block));
  }

  static ModelBlock read(ConfigMap block, List<String> notes) {
    ModelConfig config = Models.fromModelZoo(block, notes);
    return new ModelBlock(block.withDefaults(), config);
  }

  Map<String, @Nullable Object> toConfig() {
    return block;
  }
}
