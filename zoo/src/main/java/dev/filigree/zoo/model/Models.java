package dev.filigree.zoo.model;

import dev.filigree.config.ConfigMap;
import dev.filigree.config.ConfigNode;
import java.util.List;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/** The networks of the zoo: adding one takes one line here. */
public final class Models {
  private static final List<ModelKind> KINDS = List.of(LlamaConfig.KIND);

  private Models() {}

  /**
   * Reads a {@code config.json} of Hugging Face.
   *
   * @param notes takes a line for every key that was not used
   * @throws dev.filigree.config.ConfigException for an unknown model type or a bad value
   */
  public static ModelConfig fromHuggingFace(ConfigMap config, List<String> notes) {
    ConfigNode type = config.require("model_type");
    ModelKind kind =
        find(type, candidate -> candidate.huggingFaceTypes().contains(type.asString()));
    return read(config, () -> kind.fromHuggingFace().read(config, notes));
  }

  private static ModelConfig read(ConfigMap config, Supplier<ModelConfig> reader) {
    try {
      return reader.get();
    } catch (IllegalArgumentException e) {
      throw config.error(String.valueOf(e.getMessage()));
    }
  }

  private static ModelKind find(ConfigNode node, Predicate<ModelKind> predicate) {
    return KINDS.stream()
        .filter(predicate)
        .findFirst()
        .orElseThrow(
            () ->
                node.error(
                    "unknown model '%s'; known are %s"
                        .formatted(
                            node.asString(),
                            KINDS.stream()
                                .flatMap(kind -> kind.huggingFaceTypes().stream())
                                .collect(Collectors.joining(", ")))));
  }
}
