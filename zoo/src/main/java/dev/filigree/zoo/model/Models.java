package dev.filigree.zoo.model;

import dev.filigree.config.ConfigMap;
import dev.filigree.config.ConfigReader;
import dev.filigree.config.Records;
import dev.filigree.config.Registry;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Set;
import java.util.function.Function;

/** The networks that configurations can name. Registering another makes it one of them. */
public final class Models {
  private static final Registry<ModelKind> HUGGING_FACE = new Registry<>("model");
  private static final Registry<ModelKind> MODEL_ZOO = new Registry<>("model");

  static {
    register(LlamaConfig.KIND);
    register(Gpt2Config.KIND);
    register(GptNeoXConfig.KIND);
    register(ResNetConfig.KIND);
    register(VitConfig.KIND);
    register(MlpConfig.KIND);
  }

  private Models() {}

  /**
   * Makes a network of your own known by a name: the {@code name} of a {@code model} block, and the
   * {@code model_type} in the {@code config.json} of its checkpoints.
   *
   * @param name of any case
   * @param defaults of its options, a record: its components are the keys of the block, and what
   *     keys that are not there stand for
   * @param constructor makes the network of some options; its initial weights are drawn from
   *     libtorch's generator, which is given the run's seed before
   * @throws IllegalArgumentException when the name is taken, or an option has the name of a key
   *     that the block has anyway
   */
  public static <O extends Record> void register(
      String name, O defaults, Function<O, ? extends Model> constructor) {
    if (HUGGING_FACE.contains(name)) {
      throw new IllegalArgumentException("the model '" + name + "' is already registered");
    }
    register(OwnNetwork.kind(name, defaults, constructor));
  }

  private static void register(ModelKind kind) {
    kind.modelZooNames().forEach(name -> MODEL_ZOO.register(name, kind));
    kind.huggingFaceTypes().forEach(name -> HUGGING_FACE.register(name, kind));
  }

  /** Every {@code name} that a {@code model} block may have. */
  public static Set<String> modelZooNames() {
    return MODEL_ZOO.names();
  }

  /**
   * The configuration of a network of your own.
   *
   * @param name as it was registered
   * @param options of the type that it was registered with
   * @throws IllegalArgumentException for an unknown name, or options of another network
   */
  public static ModelConfig of(String name, Record options) {
    var block = new LinkedHashMap<String, Object>();
    block.put("name", name);
    block.putAll(Records.write(options));
    return fromModelZoo(ConfigReader.of(block, name).asMap(), new ArrayList<>());
  }

  /**
   * Reads a {@code config.json} of Hugging Face.
   *
   * @param notes takes a line for every key that was not used
   * @throws dev.filigree.config.ConfigException for an unknown model type or a bad value
   */
  public static ModelConfig fromHuggingFace(ConfigMap config, List<String> notes) {
    config.allow("bos_token_id", "eos_token_id", "pad_token_id"); // of the text, not the network
    return read(HUGGING_FACE.get(config.require("model_type")).fromHuggingFace(), config, notes);
  }

  /**
   * Reads the {@code model} block of a configuration file of the Model Zoo.
   *
   * @param notes takes a line for every key that has no effect here
   * @throws dev.filigree.config.ConfigException for an unknown model or key, or a bad value
   */
  public static ModelConfig fromModelZoo(ConfigMap config, List<String> notes) {
    return read(MODEL_ZOO.get(config.require("name")).fromModelZoo(), config, notes);
  }

  private static ModelConfig read(ModelKind.Reader reader, ConfigMap config, List<String> notes) {
    try {
      return reader.read(config, notes);
    } catch (IllegalArgumentException e) {
      throw config.error(String.valueOf(e.getMessage()));
    }
  }
}
