package dev.filigree.cli;

import dev.filigree.config.ConfigReader;
import dev.filigree.zoo.model.Models;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;

/**
 * A network of some thousand weights, and what it trains on.
 *
 * @param name of the Model Zoo
 * @param keys the other keys of its {@code model} block
 * @param data the folder of {@link WalkData} that it reads
 * @param linear patterns of its linear layers, where others are sparse too and keep it from running
 *     compressed as a whole; empty where there are none
 */
record WalkNetwork(String name, String keys, String data, List<String> linear) {
  /** Where the networks walk: {@code cuda} with {@code -Dfiligree.walk=cuda}. */
  static final String DEVICE = System.getProperty("filigree.walk", "cpu");

  private static final String DECODER =
      "vocab_size: 256, hidden_size: 16, num_hidden_layers: 2, num_heads: 2, filter_size: 24,"
          + " max_position_embeddings: 16, dropout_rate: 0.1, ";
  private static final String LLAMA =
      DECODER
          + "position_embedding_type: rotary, norm_type: rmsnorm, nonlinearity: swiglu,"
          + " use_projection_bias_in_attention: false, use_ffn_bias_in_attention: false,"
          + " use_ffn_bias: false, share_embedding_weights: false";
  private static final String NEOX =
      DECODER
          + "position_embedding_type: rotary, rotary_dim: 4, use_untied_layer_norm: true,"
          + " share_embedding_weights: false";
  private static final String RESNET =
      "num_classes: 10, embedding_size: 8, hidden_sizes: [8, 16], depths: [1, 1]";
  private static final String VIT =
      "num_classes: 10, image_size: 32, patch_size: 16, hidden_size: 16, filter_size: 24,"
          + " num_hidden_layers: 2, num_heads: 2, dropout_rate: 0.1";
  private static final List<String> VIT_LINEAR =
      List.of("vit.encoder.*.dense.weight", "vit.encoder.*.attention.attention.*.weight");
  private static final String MLP =
      "hidden_sizes: [24, 16], input_size: " + WalkData.MNIST_SIDE * WalkData.MNIST_SIDE;

  private static final Map<String, WalkNetwork> NETWORKS =
      Map.ofEntries(
          text("llama", LLAMA),
          text("mistral", LLAMA + ", attention_sliding_window_length: 8"),
          text("gpt2", DECODER + "position_embedding_type: learned"),
          text("gpt3", DECODER + "position_embedding_type: learned, use_ffn_bias: false"),
          text("gptj", NEOX),
          text("gpt-neox", NEOX),
          text("gpt_neox", NEOX),
          pictures("resnet18", RESNET, "cifar", List.of("classifier.*.weight")),
          pictures("resnet50", RESNET, "cifar", List.of("classifier.*.weight")),
          pictures("vision_transformer", VIT, "cifar", VIT_LINEAR),
          pictures("vit", VIT, "cifar", VIT_LINEAR),
          pictures("fc_mnist", MLP, "mnist", List.of()),
          pictures("mlp", MLP, "mnist", List.of()),
          pictures(WalkOwnNetwork.NAME, "hidden_size: 20", "mnist", List.of()));

  static {
    Models.register(WalkOwnNetwork.NAME, new WalkOwnNetwork.Options(16, 0.1), WalkOwnNetwork::new);
  }

  private static Map.Entry<String, WalkNetwork> text(String name, String keys) {
    return Map.entry(name, new WalkNetwork(name, keys, "text", List.of()));
  }

  private static Map.Entry<String, WalkNetwork> pictures(
      String name, String keys, String data, List<String> linear) {
    return Map.entry(name, new WalkNetwork(name, keys, data, linear));
  }

  /**
   * One network for each name of the registry, in its order.
   *
   * @throws AssertionError for a name that has none here
   */
  static List<WalkNetwork> all() {
    return Models.modelZooNames().stream()
        .map(
            name -> {
              WalkNetwork network = NETWORKS.get(name);
              if (network == null) {
                throw new AssertionError("no walk for the model '" + name + "': add one here");
              }
              return network;
            })
        .toList();
  }

  /** The first name of each kind of network. */
  static List<WalkNetwork> families() {
    var seen = new HashSet<Class<?>>();
    return all().stream().filter(network -> seen.add(network.configType())).toList();
  }

  private Class<?> configType() {
    var block = ConfigReader.parse("{" + block() + "}", name).asMap();
    return Models.fromModelZoo(block, new ArrayList<>()).getClass();
  }

  private String block() {
    return "name: " + name + ", " + keys;
  }

  boolean isText() {
    return data.equals("text");
  }

  /**
   * The configuration of a run of eight steps. It says everything that a run could have a note
   * about.
   *
   * @param folder of the data
   */
  String yaml(Path folder, String execution, String sparsity) {
    return """
    trainer:
      init:
        seed: 3
        device: %s
        execution: %s
        model: {%s}
        optimizer: {%s}
        schedulers: 1.0e-2
        precision: {enabled: false, max_gradient_norm: 1.0}
        sparsity: %s
        loop: {max_steps: 8, eval_frequency: 4, eval_steps: 0}
        checkpoint: {steps: 3, keep: 3}
        logging: {log_steps: 1}
      fit:
        train_dataloader: {%s, data_dir: "%s", batch_size: 4, shuffle: true, cache_dir: "%s"}
    """
        .formatted(
            DEVICE,
            execution,
            block(),
            isText()
                ? "AdamW: {betas: [0.9, 0.95], weight_decay: 0.1}"
                : "SGD: {momentum: 0.9, weight_decay: 1.0e-4}",
            sparsity,
            dataKeys(),
            folder.resolve(data),
            folder.resolve("cache"));
  }

  private String dataKeys() {
    return switch (data) {
      case "text" ->
          "data_processor: TextDataProcessor, tokenizer: bytes, max_sequence_length: 16,"
              + " validation_fraction: 0.3";
      case "mnist" -> "data_processor: MnistDataProcessor";
      case "cifar" -> "data_processor: Cifar10DataProcessor";
      default -> throw new AssertionError(data);
    };
  }

  @Override
  public String toString() {
    return name;
  }
}
