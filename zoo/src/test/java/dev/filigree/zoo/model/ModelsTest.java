package dev.filigree.zoo.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.filigree.config.ConfigMap;
import dev.filigree.config.ConfigReader;
import dev.filigree.safetensors.ElementType;
import dev.filigree.torch.Tensors;
import dev.filigree.zoo.data.Batch;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What holds for every network of the zoo. */
class ModelsTest {
  @TempDir private Path folder;

  static {
    Models.register("bigram", new Bigram.Options(256, 8), Bigram::new);
  }

  /** Those of the zoo, and the one of the guide. */
  static Stream<ModelConfig> networks() {
    return Stream.concat(registered(), Stream.of(Models.of("bigram", new Bigram.Options(50, 8))));
  }

  static Stream<ModelConfig> registered() {
    return Stream.of(
        LlamaConfig.of(
            Map.of(
                "vocab_size", 50,
                "hidden_size", 32,
                "intermediate_size", 48,
                "num_hidden_layers", 2,
                "num_attention_heads", 4,
                "num_key_value_heads", 2,
                "attention_bias", true,
                "mlp_bias", true,
                "tie_word_embeddings", true,
                "max_position_embeddings", 16)),
        Gpt2Config.of(Map.of("vocab_size", 50, "n_embd", 32, "n_layer", 2, "n_head", 4)),
        zoo(
            """
            name: gpt3
            vocab_size: 50
            hidden_size: 32
            filter_size: 64
            num_hidden_layers: 2
            num_heads: 4
            max_position_embeddings: 16
            share_embedding_weights: false
            use_projection_bias_in_attention: false
            use_ffn_bias_in_attention: false
            use_ffn_bias: false
            mup_base_hidden_size: 16
            mup_base_filter_size: 32
            scale_qk_dot_by_d: true
            """),
        GptNeoXConfig.of(
            Map.of(
                "vocab_size", 50,
                "hidden_size", 64,
                "intermediate_size", 96,
                "num_hidden_layers", 2,
                "num_attention_heads", 4,
                "use_parallel_residual", false,
                "attention_bias", false,
                "max_position_embeddings", 16)),
        ResNetConfig.resNet18(3, 7, true),
        new ResNetConfig(1, 8, List.of(16L, 32L), List.of(1L, 2L), true, false, 7),
        new VitConfig(16, 8, 3, 32, 64, 2, 4, 1e-6, Activation.GELU, true, Dropouts.NONE, 0.02, 7),
        new MlpConfig(3 * 16 * 16, List.of(30L, 20L), 7, true, 0.25));
  }

  private static ModelConfig zoo(String yaml) {
    return Models.fromModelZoo((ConfigMap) ConfigReader.parse(yaml, "yaml"), new ArrayList<>());
  }

  private static Batch batch(ModelConfig config) {
    if (config.allocate() instanceof LanguageModel) {
      Tensor tokens = torch.tensor(1, 2, 3, 4, 5, 6).reshape(2, 3).to(ScalarType.Long);
      return new Batch(tokens, tokens, null);
    }
    long channels = config instanceof ResNetConfig resNet ? resNet.channels() : 3;
    Tensor pictures = torch.arange(new Scalar(2 * channels * 16 * 16)).sin();
    return new Batch(pictures.reshape(2, channels, 16, 16), torch.tensor(1L, 6L), null);
  }

  @ParameterizedTest
  @MethodSource("networks")
  void theListOfParametersIsThatOfTheNetwork(ModelConfig config) {
    Map<String, Tensor> parameters = Tensors.namedParameters(config.allocate());

    assertThat(config.parameters())
        .extracting(ParameterSpec::name)
        .containsExactlyElementsOf(parameters.keySet());
    assertThat(config.parameters())
        .allSatisfy(
            spec ->
                assertThat(
                        Arrays.stream(
                                Tensors.shape(Objects.requireNonNull(parameters.get(spec.name()))))
                            .boxed())
                    .as(spec.name())
                    .containsExactlyElementsOf(spec.shape()));
    assertThat(config.parameters()).extracting(ParameterSpec::modelZooName).doesNotHaveDuplicates();
  }

  @ParameterizedTest
  @MethodSource("networks")
  void valuesGivenOneByOneAreThoseOfANetworkMadeWhole(ModelConfig config) {
    Map<String, Tensor> whole = config.create(7).tensors();
    Model network = config.unfilled(7, new Device("cpu"));
    Map<String, Tensor> inTurn = network.tensors();
    assertThat(inTurn.keySet()).isEqualTo(whole.keySet());
    var values = network.initialValues(7);
    whole.forEach(
        (name, tensor) -> {
          assertThat(tensor.equal(values.apply(name))).as(name).isTrue();
          if (!(network instanceof Bigram)) { // its layers draw their values as they are made
            assertThat(Objects.requireNonNull(inTurn.get(name)).storage().nbytes())
                .as(name)
                .isEqualTo(Float.BYTES);
          }
        });
  }

  @ParameterizedTest
  @MethodSource("networks")
  void everyTensorOfTheNetworkHasAPlaceInTheCheckpoint(ModelConfig config) {
    assertThat(config.huggingFaceTensors())
        .flatExtracting(HuggingFaceTensor::parameters)
        .containsExactlyInAnyOrderElementsOf(config.allocate().tensors().keySet());
    assertThat(config.huggingFaceTensors())
        .extracting(HuggingFaceTensor::name)
        .doesNotHaveDuplicates();
  }

  @ParameterizedTest
  @MethodSource("networks")
  void everyParameterTakesPartInTheLoss(ModelConfig config) {
    Model model = config.create(11);
    try (var _ = new PointerScope()) {
      Tensor loss = model.loss(batch(config));
      loss.backward();

      assertThat(loss.item_double()).isBetween(0.5, 10.0);
      Tensors.namedParameters(model)
          .forEach(
              (name, parameter) -> {
                assertThat(parameter.grad().defined()).as(name).isTrue();
                assertThat(parameter.grad().abs().sum().item_double()).as(name).isFinite();
              });
    }
  }

  @ParameterizedTest
  @MethodSource("registered")
  void whatIsWrittenComesBack(ModelConfig config) {
    Model model = config.create(12);
    if (model instanceof ImageClassifier) {
      // Moves the running averages away from where they start.
      model.loss(batch(config));
    }
    HuggingFaceFolder.write(folder, config, model.tensors(), ElementType.F32);
    var notes = new ArrayList<String>();
    ModelConfig again = HuggingFaceFolder.readConfig(folder, notes);
    // GPT-2 of Hugging Face always has biases: ours without them is filled, not made, from a file.
    Model read = config.allocate();
    HuggingFaceFolder.readTensors(folder, config, read.tensors(), notes);

    assertThat(notes).isEmpty();
    assertThat(again.modelType()).isEqualTo(config.modelType());
    read.tensors()
        .forEach(
            (name, tensor) ->
                assertThat(tensor.equal(model.tensors().get(name))).as(name).isTrue());
    Model fromFolder = HuggingFaceFolder.read(folder, notes);
    model.eval();
    fromFolder.eval();
    try (var _ = new PointerScope()) {
      Tensor inputs = batch(config).inputs();
      assertThat(
              Logits.of(fromFolder, inputs).sub(Logits.of(model, inputs)).abs().max().item_double())
          .isLessThan(1e-5);
    }
  }

  @Test
  void networksOfPapersHaveTheNumberOfParametersThatIsKnownOfThem() {
    assertThat(ResNetConfig.resNet18(3, 1000, false).parameterCount()).isEqualTo(11_689_512L);
    assertThat(ResNetConfig.resNet50(3, 1000, false).parameterCount()).isEqualTo(25_557_032L);
    assertThat(MlpConfig.leNet300().parameterCount()).isEqualTo(266_610L);
    assertThat(zoo("{name: vision_transformer, num_classes: 1000}").parameterCount())
        .isEqualTo(86_567_656L);
    assertThat(Gpt2Config.of(Map.of()).parameterCount()).isEqualTo(124_439_808L);
  }

  @Test
  void aPerceptronIsReadFromTheBlockOfTheModelZoo() {
    assertThat(
            zoo("{name: fc_mnist, depth: 3, hidden_size: 50, dropout: 0.0, activation_fn: relu}"))
        .isEqualTo(new MlpConfig(784, List.of(50L, 50L, 50L), 10, true, 0));
    assertThat(zoo("{name: fc_mnist, hidden_sizes: [300, 100]}")).isEqualTo(MlpConfig.leNet300());
  }
}
