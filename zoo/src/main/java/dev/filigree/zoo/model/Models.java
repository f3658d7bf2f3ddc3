package dev.filigree.zoo.model;

import dev.filigree.config.ConfigMap;
import dev.filigree.config.ConfigNode;
import java.util.List;
import java.util.function.Function;

/** The networks of the zoo: adding one takes one line here. */
public final class Models {
  private static final List<ModelKind> KINDS =
      List.of(
          LlamaConfig.KIND,
          Gpt2Config.KIND,
          GptNeoXConfig.KIND,
          ResNetConfig.KIND,
          VitConfig.KIND,
          MlpConfig.KIND);

  private Models() {}

  /** Every {@code name} that a {@code model} block may have, those of one network together. */
  public static List<String> modelZooNames() {
    return names(ModelKind::modelZooNames);
  }

  /**
   * Reads a {@code config.json} of Hugging Face.
   *
   * @param notes takes a line for every key that was not used
   * @throws dev.filigree.config.ConfigException for an unknown model type or a bad value
   */
  public static ModelConfig fromHuggingFace(ConfigMap config, List<String> notes) {
    config.allow("bos_token_id", "eos_token_id", "pad_token_id"); // of the text, not the network
    ModelKind kind = find(config.require("model_type"), ModelKind::huggingFaceTypes);
    return read(kind.fromHuggingFace(), config, notes);
  }

  /**
   * Reads the {@code model} block of a configuration file of the Model Zoo.
   *
   * @param notes takes a line for every key that has no effect here
   * @throws dev.filigree.config.ConfigException for an unknown model or key, or a bad value
   */
  public static ModelConfig fromModelZoo(ConfigMap config, List<String> notes) {
    ModelKind kind = find(config.require("name"), ModelKind::modelZooNames);
    return read(kind.fromModelZoo(), config, notes);
  }

  private static ModelConfig read(ModelKind.Reader reader, ConfigMap config, List<String> notes) {
    try {
      return reader.read(config, notes);
    } catch (IllegalArgumentException e) {
      throw config.error(String.valueOf(e.getMessage()));
    }
  }

  private static ModelKind find(ConfigNode node, Function<ModelKind, List<String>> names) {
    for (ModelKind kind : KINDS) {
      if (names.apply(kind).contains(node.asString())) {
        return kind;
      }
    }
    throw node.error(
        "unknown model '%s'; known are %s"
            .formatted(node.asString(), String.join(", ", names(names))));
  }

  private static List<String> names(Function<ModelKind, List<String>> names) {
    return KINDS.stream().flatMap(kind -> names.apply(kind).stream()).toList();
  }
}
