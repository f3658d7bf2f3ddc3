package dev.filigree.zoo.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.filigree.config.ConfigException;
import dev.filigree.config.ConfigReader;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HuggingFaceKeysTest {
  private final List<String> notes = new ArrayList<>();

  private ModelConfig read(String type, String more) {
    String json = "{\"model_type\": \"" + type + "\"" + (more.isEmpty() ? "" : ", " + more) + "}";
    return Models.fromHuggingFace(ConfigReader.parse(json, "config.json").asMap(), notes);
  }

  /** Values that transformers 5 gives keys that a file leaves out. */
  @Test
  void whatAFileLeavesOutHasTheDefaultOfItsFamily() {
    var rotary = new RotaryConfig(10_000, new RotaryConfig.None());
    var normal = Initializers.normal(0.02);
    assertThat(read("llama", ""))
        .isEqualTo(
            new LlamaConfig(
                "llama",
                32000,
                4096,
                11008,
                32,
                32,
                32,
                128,
                2048,
                null,
                1e-6,
                Activation.SILU,
                rotary,
                false,
                false,
                false,
                Dropouts.NONE,
                normal,
                List.of()));
    assertThat(read("mistral", ""))
        .isEqualTo(
            new LlamaConfig(
                "mistral",
                32000,
                4096,
                14336,
                32,
                32,
                8,
                128,
                131072,
                4096L,
                1e-6,
                Activation.SILU,
                rotary,
                false,
                false,
                false,
                Dropouts.NONE,
                normal,
                List.of()));
    assertThat(read("gpt_neox", ""))
        .isEqualTo(
            new GptNeoXConfig(
                50432,
                6144,
                24576,
                44,
                64,
                2048,
                1e-5,
                Activation.GELU,
                rotary,
                24,
                true,
                false,
                true,
                Dropouts.NONE,
                normal,
                List.of()));
    assertThat(read("gpt2", ""))
        .isEqualTo(
            new Gpt2Config(
                50257,
                768,
                3072,
                12,
                12,
                1024,
                1e-5,
                Activation.GELU_TANH,
                true,
                true,
                true,
                true,
                null,
                MupScales.NONE,
                new Dropouts(0.1, 0.1, 0.1),
                Initializers.depthScaled(0.02, 12),
                List.of()));
    assertThat(read("vit", ""))
        .isEqualTo(
            new VitConfig(
                224,
                16,
                3,
                768,
                3072,
                12,
                12,
                1e-12,
                Activation.GELU,
                true,
                Dropouts.NONE,
                0.02,
                2));
    assertThat(read("resnet", "")).isEqualTo(ResNetConfig.resNet50(3, 2, false));
    assertThat(notes).isEmpty();
  }

  @Test
  void nullIsNotTheSameAsLeftOutWhereTransformersTellsThemApart() {
    var mistral =
        (LlamaConfig) read("mistral", "\"sliding_window\": null, \"num_key_value_heads\": null");
    assertThat(mistral.slidingWindow()).isNull();
    assertThat(mistral.keyValueHeads()).isEqualTo(32);
  }

  @ParameterizedTest
  @ValueSource(strings = {"llama", "mistral", "gpt_neox", "gpt2", "vit", "resnet"})
  void aKeyThatIsNotUnderstoodIsRefusedByName(String type) {
    assertThatThrownBy(() -> read(type, "\"attn_logit_softcapping\": 50.0"))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("config.json:1: attn_logit_softcapping: unknown key; allowed here: ")
        .satisfies(e -> assertThat(Objects.requireNonNull(e.getMessage()).lines()).hasSize(1));
    // Without a value it asks for nothing.
    read(type, "\"attn_logit_softcapping\": null");
  }

  @ParameterizedTest
  @ValueSource(strings = {"llama", "mistral", "gpt_neox", "gpt2", "vit", "resnet"})
  void whatSaysNothingOfTheNetworkIsAllowed(String type) {
    read(
        type,
        """
        "_name_or_path": "a/b", "architectures": ["X"], "transformers_version": "4.30.2",
        "torch_dtype": "bfloat16", "use_cache": true, "pad_token_id": 0, "bos_token_id": 1,
        "temperature": 0.6, "top_p": 0.9, "do_sample": true, "return_dict": true,
        "is_encoder_decoder": false, "pruned_heads": {}, "quantization_config": null,
        "_attn_implementation_autoset": true
        """);
    assertThat(notes).isEmpty();
  }

  /** Keys that published networks have beside those of their family. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "llama | 'is_llama_config': true, 'rope_interleaved': false, 'transformers.js_config': {'dtype': 'q4'}",
        "llama | 'max_sequence_length': 2048, 'pretraining_tp': 1, 'rope_scaling': null",
        "llama | 'layer_types': ['full_attention', 'full_attention']",
        "gpt_neox | 'attention_probs_dropout_prob': 0, 'hidden_dropout_prob': 0, 'custom_pipelines': {}",
        "gpt2 | 'n_ctx': 1024, '_num_labels': 1, 'predict_special_tokens': true, 'task_specific_params': {}",
        "vit | 'encoder_stride': 16, 'pooler_act': 'tanh', 'pooler_output_size': 768",
        "resnet | 'out_features': ['stage4'], 'out_indices': [4], 'stage_names': ['stem']",
      })
  void keysThatPublishedNetworksHaveChangeNothing(String type, String more) {
    assertThat(read(type, more.replace('\'', '"'))).isEqualTo(read(type, ""));
    assertThat(notes).isEmpty();
  }

  @Test
  void aWindowIsNotAppliedWhereTheFamilyHasNone() {
    var llama = (LlamaConfig) read("llama", "\"sliding_window\": 8, \"use_sliding_window\": true");
    assertThat(llama.slidingWindow()).isNull();
    assertThat(notes)
        .containsExactly(
            "config.json:1: sliding_window: not applied: llama does not have it",
            "config.json:1: use_sliding_window: not applied: llama does not have it");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "llama | 'quantization_config': {'quant_method': 'gptq'} | quantization_config: quantised weights are not",
        "gpt2 | 'quantization': {'bits': 4} | quantization: quantised weights are not supported",
        "mistral | 'attention_bias': true | attention_bias: true is not supported; supported is false",
        "mistral | 'sliding_window': 8, 'use_sliding_window': false | use_sliding_window: has no effect in mistral",
        "llama | 'partial_rotary_factor': 0.5 | partial_rotary_factor must be 1",
        "llama | 'rope_parameters': {'partial_rotary_factor': 0.5} | partial_rotary_factor must be 1",
        "llama | 'rotary_pct': 0.5 | rotary_pct: unknown key",
        "llama | 'rope_interleaved': true | rope_interleaved: true is not supported",
        "llama | 'rope_theta': 500, 'rope_parameters': {'rope_theta': 600} | rope_parameters.rope_theta: contradicts rope_theta, which is 500.0",
        "llama | 'rope_scaling': {'type': 'linear', 'factor': 2}, 'rope_parameters': {'rope_type': 'default'} | rope_scaling: says Linear",
        "llama | 'rope_scaling': {'rope_type': 'linear', 'type': 'default', 'factor': 2} | rope_scaling.type: is 'default', rope_type is 'linear'",
        "llama | 'rope_scaling': {'rope_type': 'yarn', 'factor': 4} | rotary scaling 'yarn' is not supported; supported are default, linear, llama3",
        "llama | 'rope_scaling': {'rope_type': 'dynamic', 'factor': 4} | rotary scaling 'dynamic' is not supported",
        "llama | 'rope_scaling': {'rope_type': 'longrope'} | rotary scaling 'longrope' is not supported",
        "llama | 'rope_scaling': {'rope_type': 'default', 'mrope_section': [1, 2]} | rope_scaling.mrope_section: unknown key",
        "gpt_neox | 'rope_theta': 500 | rope_theta: contradicts rotary_emb_base, which is 10000.0 where it is not given",
        "gpt_neox | 'partial_rotary_factor': 1.0 | partial_rotary_factor: contradicts rotary_pct, which is 0.25 where it is not given",
        "llama | 'layer_types': ['full_attention', 'sliding_attention'] | layer_types: supported is 'full_attention' for every layer",
        "mistral | 'layer_types': ['full_attention'] | layer_types: supported is 'sliding_attention' for every layer",
        "gpt_neox | 'rotary_pct': 1.0, 'partial_rotary_factor': 0.5 | partial_rotary_factor: contradicts rotary_pct, which is 1.0",
        "gpt2 | 'scale_attn_by_inverse_layer_idx': true | true is not supported; supported is false",
        "gpt2 | 'activation_function': 'mish' | unknown activation 'mish'; allowed are gelu,",
        "gpt2 | 'is_encoder_decoder': true | is_encoder_decoder: true is not supported",
        "gpt2 | 'pruned_heads': {'0': [1]} | pruned_heads: pruned heads are not supported",
        "vit | 'id2label': {'0': 'a'}, 'num_labels': 2 | num_labels: id2label has 1 labels",
        "vit | 'image_size': [8, 16] | image_size: must be one number or two equal ones, found [8, 16]",
        "resnet | 'downsample_in_bottleneck': true | true is not supported; supported is false",
        "resnet | 'hidden_act': 'gelu' | hidden_act: is not supported; supported is relu",
      })
  void whatWouldGiveOtherNumbersIsRefusedByName(String type, String more, String message) {
    assertThatThrownBy(() -> read(type, more.replace('\'', '"')))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining(message)
        .satisfies(e -> assertThat(Objects.requireNonNull(e.getMessage()).lines()).hasSize(1));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "llama | 'rope_scaling': {'rope_type': 'default'}",
        "llama | 'rope_scaling': {'type': 'default', 'rope_type': 'default'}, 'rope_theta': 10000.0",
        "llama | 'rope_scaling': null, 'partial_rotary_factor': 1.0",
        "mistral | 'rope_parameters': {'rope_type': 'default', 'rope_theta': 10000.0}",
        "gpt_neox | 'rotary_emb_base': 10000, 'rope_theta': 10000.0, 'rotary_pct': 0.25, 'partial_rotary_factor': 0.25",
        "gpt_neox | 'rope_scaling': {'rope_type': 'default', 'partial_rotary_factor': 0.25}",
      })
  void everyWayToSayPlainRotaryPositionsIsRead(String type, String more) {
    assertThat(read(type, more.replace('\'', '"'))).isEqualTo(read(type, ""));
  }
}
