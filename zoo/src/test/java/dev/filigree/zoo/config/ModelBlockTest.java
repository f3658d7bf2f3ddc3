package dev.filigree.zoo.config;

import static org.assertj.core.api.Assertions.assertThat;

import dev.filigree.config.ConfigReader;
import java.util.ArrayList;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ModelBlockTest {
  private static final String LLAMA =
      "name: llama, position_embedding_type: rotary, norm_type: rmsnorm, nonlinearity: swiglu";
  private static final String NEOX =
      "name: gptj, position_embedding_type: rotary, use_untied_layer_norm: true";

  private static ModelBlock read(String yaml) {
    var block = ConfigReader.parse("{" + yaml + "}", "run.yaml").asMap();
    return ModelBlock.read(block, new ArrayList<>());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        LLAMA,
        LLAMA + ", dropout_rate: 0.3, pos_scaling_type: llama3, pos_scaling_factor: 8",
        LLAMA
            + ", attention_module: multiquery_attention, extra_attention_params: {num_kv_groups: 4}",
        LLAMA
            + ", attention_sliding_window_length: 128, use_projection_bias_in_attention: false,"
            + " use_ffn_bias_in_attention: false, use_ffn_bias: false",
        "name: gpt2",
        "name: gpt3, mup_base_hidden_size: 64, mup_base_filter_size: 256, scale_qk_dot_by_d: true",
        "name: gpt3, attention_type: dot_product, embedding_dropout_rate: 0.2, nonlinearity: relu",
        NEOX,
        NEOX + ", rotary_dim: 64, attention_dropout_rate: 0.5",
        "name: vit",
        "name: vision_transformer, image_size: [32, 32], dropout_rate: 0.25",
        "name: resnet18",
        "name: resnet50, small_pictures: true",
        "name: fc_mnist",
        "name: mlp, hidden_sizes: [300, 100]",
      })
  void whatARunWritesIsTheNetworkThatItRead(String yaml) {
    ModelBlock block = read(yaml);
    var again =
        ModelBlock.read(
            ConfigReader.of(block.toConfig(), "config.yaml").asMap(), new ArrayList<>());
    assertThat(again).isEqualTo(block);
  }

  @Test
  void defaultsThatDecideTheNumbersAreWritten() {
    Map<String, @Nullable Object> written = read("name: gpt2, layer_norm_epsilon: null").toConfig();
    assertThat(written)
        .containsEntry("layer_norm_epsilon", 1e-5)
        .containsEntry("nonlinearity", "gelu")
        .containsEntry("share_embedding_weights", true)
        .containsEntry("use_ffn_bias", true)
        .containsEntry("vocab_size", 50257L)
        .containsEntry("filter_size", 3072L)
        .containsEntry("dropout_rate", 0.1)
        // It follows dropout_rate, now and after a change of that.
        .doesNotContainKey("attention_dropout_rate");
    assertThat(
            read(LLAMA + ", pos_scaling_type: llama3, pos_scaling_factor: 8")
                .toConfig()
                .get("pos_scaling_extra_args"))
        .isEqualTo(
            Map.of(
                "low_freq_factor", 1.0,
                "high_freq_factor", 4.0,
                "original_max_position_embeddings", 8192L));
  }
}
