package dev.filigree.zoo.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.filigree.config.ConfigException;
import dev.filigree.config.ConfigMap;
import dev.filigree.config.ConfigReader;
import dev.filigree.nn.Initializer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The {@code model} blocks that users of the Model Zoo have. */
class ModelZooConfigTest {
  private static final String LLAMA_2 =
      """
      name: "llama"
      vocab_size: 32000
      hidden_size: 4096
      position_embedding_type: rotary
      rotary_dim: 128
      share_embedding_weights: false
      max_position_embeddings: 4096
      embedding_dropout_rate: 0.0
      num_hidden_layers: 32
      dropout_rate: 0.0
      layer_norm_epsilon: 1.0e-05
      norm_type: rmsnorm
      num_heads: 32
      attention_type: scaled_dot_product
      attention_dropout_rate: 0.0
      use_projection_bias_in_attention: false
      use_ffn_bias_in_attention: false
      filter_size: 11008
      nonlinearity: swiglu
      use_ffn_bias: false
      use_bias_in_output: false
      loss_scaling: num_tokens
      loss_weight: 1.0
      """;

  private static final String GPT_3 =
      """
      name: "gpt3"
      hidden_size: 768
      position_embedding_type: learned
      share_embedding_weights: true
      max_position_embeddings: 2048
      vocab_size: 50257
      num_hidden_layers: 12
      dropout_rate: 0.0
      layer_norm_epsilon: 1.0e-05
      num_heads: 12
      attention_type: scaled_dot_product
      attention_dropout_rate: 0.0
      filter_size: 3072
      nonlinearity: gelu
      initializer: {name: truncated_normal, mean: 0.0, std: 0.02, a: -0.04, b: 0.04}
      output_layer_initializer:
        {name: truncated_normal, mean: 0.0, std: 0.004, a: -0.008, b: 0.008}
      """;

  private final List<String> notes = new ArrayList<>();

  private ModelConfig read(String yaml) {
    return Models.fromModelZoo((ConfigMap) ConfigReader.parse(yaml, "run.yaml"), notes);
  }

  @ParameterizedTest
  @CsvSource({
    "params_gpt3_125m_rigl75, 125226240",
    "params_gpt3_125m_set75, 125226240",
    "params_gpt3_125m_sparsewide-ift_dense, 124439808",
    "params_gpt3_125m_sparsewide-ift_rigl75, 418748928",
    "params_gpt3_125m_sparsewide-ift_static50, 227886204",
    "params_gpt3_125m_static75, 125226240",
    "params_gpt3_6p7b_vspdf_dart, 6658404352",
    "params_gpt3_6p7b_vspdf_phase1, 6658404352",
    "params_gpt3_6p7b_vspdf_phase2, 6658404352",
    "params_llama2_7b, 6738415616"
  })
  void theFilesOfTheModelZooAreRead(String file, long parameters) {
    ConfigMap run =
        ConfigReader.read(Path.of("src/test/resources/modelzoo-configs", file + ".yaml")).asMap();
    ModelConfig config = Models.fromModelZoo(run.map("trainer").map("init").map("model"), notes);

    assertThat(config.parameterCount()).isEqualTo(parameters);
    assertThat(notes).isEmpty();
  }

  @Test
  void llama2IsLlama2() {
    var config = (LlamaConfig) read(LLAMA_2);

    assertThat(config.parameterCount()).isEqualTo(6_738_415_616L);
    assertThat(config.rotary()).isEqualTo(new RotaryConfig(10_000, new RotaryConfig.None()));
    assertThat(config.activation()).isEqualTo(Activation.SILU);
    assertThat(config.dropouts()).isEqualTo(Dropouts.NONE);
    assertThat(notes).isEmpty();
  }

  @Test
  void llama31HasGroupedQueriesAndItsOwnRotaryScaling() {
    var config =
        (LlamaConfig)
            read(
                LLAMA_2.replace("vocab_size: 32000", "vocab_size: 128256")
                    + """
                    attention_module: multiquery_attention
                    extra_attention_params: {num_kv_groups: 8}
                    pos_scaling_type: llama3
                    pos_scaling_factor: 8.0
                    pos_scaling_extra_args:
                      {high_freq_factor: 4.0, low_freq_factor: 1.0, original_max_position_embeddings: 8192}
                    rope_theta: 500000.0
                    fp16_type: cbfloat16
                    mixed_precision: true
                    """);

    assertThat(config.keyValueHeads()).isEqualTo(8);
    assertThat(config.rotary())
        .isEqualTo(new RotaryConfig(500_000, new RotaryConfig.Llama3(8, 1, 4, 8192)));
    assertThat(notes)
        .hasSize(2)
        .allSatisfy(note -> assertThat(note).contains("run.yaml:", "has no effect here"));
  }

  @Test
  void gpt3HasItsInitializers() {
    var config = (Gpt2Config) read(GPT_3);

    assertThat(config.parameterCount()).isEqualTo(125_226_240L);
    assertThat(config.initializers().attention())
        .isEqualTo(new Initializer.TruncatedNormal(0, 0.02, -0.04, 0.04));
    assertThat(config.initializers().feedForwardOutput())
        .isEqualTo(new Initializer.TruncatedNormal(0, 0.004, -0.008, 0.008));
    assertThat(config.activation()).isEqualTo(Activation.GELU);
    assertThat(config.attentionScale()).isNull();
    assertThat(config.scales()).isEqualTo(MupScales.NONE);
  }

  @Test
  void mupScalesInitialWeightsLearningRatesAndLogits() {
    var config =
        (Gpt2Config)
            read(
                GPT_3.replaceAll("(?s)output_layer_initializer:.*?}\\n", "")
                    + """
                    mup_base_hidden_size: 192
                    mup_base_filter_size: 1536
                    output_logits_alpha: 3.0
                    embeddings_scale: 10.0
                    scale_qk_dot_by_d: true
                    """);

    assertThat(config.scales()).isEqualTo(new MupScales(10, 0.75, 0.25, 0.5, true));
    assertThat(config.attentionScale()).isEqualTo(1 / 64.0);
    var attention = (Initializer.TruncatedNormal) config.initializers().attention();
    assertThat(attention.std()).isCloseTo(0.01, within(1e-12));
    var output = (Initializer.TruncatedNormal) config.initializers().attentionOutput();
    assertThat(output.std()).isCloseTo(0.02 / 2 / Math.sqrt(24), within(1e-12));
    var second = (Initializer.TruncatedNormal) config.initializers().feedForwardOutput();
    assertThat(second.std()).isCloseTo(0.02 / Math.sqrt(2) / Math.sqrt(24), within(1e-12));
    assertThat(scale(config, "transformer.wte.weight")).isEqualTo(1);
    assertThat(scale(config, "transformer.h.3.attn.q_proj.weight")).isEqualTo(0.25);
    assertThat(scale(config, "transformer.h.3.attn.c_proj.weight")).isEqualTo(0.25);
    assertThat(scale(config, "transformer.h.3.attn.c_proj.bias")).isEqualTo(1);
    assertThat(scale(config, "transformer.h.3.mlp.c_fc.weight")).isEqualTo(0.25);
    assertThat(scale(config, "transformer.h.3.mlp.c_proj.weight")).isEqualTo(0.5);
  }

  private static double scale(ModelConfig config, String name) {
    return config.parameters().stream()
        .filter(spec -> spec.name().equals(name))
        .findFirst()
        .orElseThrow()
        .learningRateScale();
  }

  @Test
  void gptNeoXIsReadFromTheBlockOfGptJ() {
    var config =
        (GptNeoXConfig)
            read(
                """
                name: gptj
                vocab_size: 50277
                position_embedding_type: rotary
                share_embedding_weights: False
                hidden_size: 768
                num_heads: 12
                num_hidden_layers: 12
                max_position_embeddings: 2048
                residual_dropout_rate: 0.25
                use_untied_layer_norm: True
                filter_size: 3072
                nonlinearity: gelu
                rotary_dim: 16
                """);

    assertThat(config.rotarySize()).isEqualTo(16);
    assertThat(config.dropouts()).isEqualTo(new Dropouts(0.1, 0.1, 0.25));
    assertThat(config.parameters())
        .extracting(ParameterSpec::modelZooName)
        .contains(
            "transformer_decoder.layers.11.self_attn.proj_k_dense_layer.bias", "lm_head.weight");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "hiden_size: 5 | run.yaml:24: hiden_size: unknown key; did you mean hidden_size? allowed here:",
        "rotary_dim: 64 | rotary_dim: the whole head rotates: 128, found 64",
        "attention_sink_tokens: 4 | run.yaml:24: attention_sink_tokens: is not supported; leave it out",
        "nonlinearity: gelu | nonlinearity: 'gelu' is not supported; supported are geglu, reglu, swiglu",
        "position_embedding_type: alibi | position_embedding_type: the text 'alibi' is not supported; supported is rotary",
        "norm_type: layernorm | norm_type: the text 'layernorm' is not supported; supported is rmsnorm",
        "pos_scaling_type: YaRN | pos_scaling_type: the text 'YaRN' is not supported; supported is linear, llama3",
        "num_heads: 0 | num_heads must be from 1",
        "num_heads: 7 | hidden_size must be a multiple of num_heads (7), found 4096",
        "num_hidden_layers: 0 | num_hidden_layers must be from 1 to 10000, found 0",
        "extra_attention_params: 5 | extra_attention_params: expected a map, found 5",
        "dropout_rate: 1.5 | a dropout rate must be in [0, 1), found 1.5",
        "initializer: {name: glorot} | initializer.name: unknown initializer 'glorot'; known are",
        "initializer: {name: normal, sdt: 1} | initializer.sdt: unknown key",
        "mup_base_hidden_size: 64 | must be given together",
        "use_bias_in_output: true | use_bias_in_output: is not supported",
        "fixed_sparse_attention: {attn_type: vslash} | fixed_sparse_attention: is not supported",
        "extra_attention_params: {num_kv_group: 8} | unknown key",
      })
  void whatIsNotSupportedIsAnErrorWithItsPlace(String line, String message) {
    String key = line.substring(0, line.indexOf(':'));
    String yaml = LLAMA_2.replaceAll("(?m)^" + key + ":.*\\n", "") + line + "\n";

    assertThatThrownBy(() -> read(yaml))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining(message)
        .satisfies(e -> assertThat(Objects.requireNonNull(e.getMessage()).lines()).hasSize(1));
  }

  @Test
  void otherLossScalingsAreNoted() {
    read(LLAMA_2.replace("loss_scaling: num_tokens", "loss_scaling: batch_size"));

    assertThat(notes)
        .containsExactly(
            "run.yaml:22: loss_scaling: the loss is the mean over the tokens that count instead");
  }

  @Test
  void unknownModelsAreAnErrorThatNamesTheKnownOnes() {
    assertThatThrownBy(() -> read("name: bert"))
        .isInstanceOf(ConfigException.class)
        .hasMessageStartingWith("run.yaml:1: name: unknown model 'bert'; allowed:");
  }
}
