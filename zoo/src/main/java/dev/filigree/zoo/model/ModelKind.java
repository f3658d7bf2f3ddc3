package dev.filigree.zoo.model;

import dev.filigree.config.ConfigMap;
import java.util.List;

/**
 * How a kind of network is known and read.
 *
 * @param huggingFaceTypes values of {@code model_type} in {@code config.json}
 * @param modelZooNames values of {@code name} in the {@code model} block
 */
record ModelKind(
    List<String> huggingFaceTypes,
    Reader fromHuggingFace,
    List<String> modelZooNames,
    Reader fromModelZoo) {
  /** Reads a configuration. */
  @FunctionalInterface
  interface Reader {
    /** Reads one; {@code notes} takes a line for every key that was not used. */
    ModelConfig read(ConfigMap config, List<String> notes);
  }
}
