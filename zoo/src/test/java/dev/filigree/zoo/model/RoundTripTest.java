package dev.filigree.zoo.model;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.filigree.config.ConfigReader;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.jspecify.annotations.Nullable;

/** What is written of a network's shape is what is read, whatever the shape. */
class RoundTripTest {
  @Property(tries = 500)
  void everyConfigurationComesBackAsItWas(@ForAll("configurations") ModelConfig config)
      throws JsonProcessingException {
    assertThat(read(config.toHuggingFace())).isEqualTo(config);
  }

  /** A reader that knows only newer or only older keys must not meet a default of its own. */
  @Property(tries = 300)
  void theKeysOfEachVersionOfTransformersAreEnough(@ForAll("configurations") ModelConfig config)
      throws JsonProcessingException {
    var older = new LinkedHashMap<>(config.toHuggingFace());
    older.remove("rope_parameters");
    assertThat(read(older)).isEqualTo(config);

    var newer = new LinkedHashMap<>(config.toHuggingFace());
    newer
        .keySet()
        .removeAll(
            List.of(
                "rope_theta",
                "rope_scaling",
                "rotary_pct",
                "rotary_emb_base",
                "partial_rotary_factor"));
    assertThat(read(newer)).isEqualTo(config);
  }

  /** Though it be the default of our reader: others have defaults of their own. */
  @Property(tries = 200)
  void whatDecidesTheNumbersIsAlwaysWritten(@ForAll("configurations") ModelConfig config) {
    Map<String, @Nullable Object> written = config.toHuggingFace();
    switch (config) {
      case LlamaConfig _ ->
          assertThat(written)
              .containsKeys(
                  "num_key_value_heads",
                  "head_dim",
                  "rms_norm_eps",
                  "hidden_act",
                  "rope_theta",
                  "rope_parameters",
                  "tie_word_embeddings",
                  "attention_bias",
                  "mlp_bias",
                  "eos_token_id");
      case GptNeoXConfig _ ->
          assertThat(written)
              .containsKeys(
                  "layer_norm_eps",
                  "hidden_act",
                  "rotary_pct",
                  "rotary_emb_base",
                  "rope_theta",
                  "partial_rotary_factor",
                  "rope_parameters",
                  "use_parallel_residual",
                  "tie_word_embeddings",
                  "attention_bias",
                  "eos_token_id");
      case Gpt2Config _ ->
          assertThat(written)
              .containsKeys(
                  "n_inner",
                  "layer_norm_epsilon",
                  "activation_function",
                  "scale_attn_weights",
                  "scale_attn_by_inverse_layer_idx",
                  "tie_word_embeddings",
                  "eos_token_id");
      case VitConfig _ ->
          assertThat(written)
              .containsKeys("layer_norm_eps", "hidden_act", "qkv_bias", "num_labels");
      case ResNetConfig _ ->
          assertThat(written)
              .containsKeys("layer_type", "hidden_act", "downsample_in_bottleneck", "num_labels");
      default -> assertThat(written).containsKeys("hidden_sizes", "bias", "num_labels");
    }
    assertThat(written.containsKey("sliding_window"))
        .isEqualTo(config.modelType().equals("mistral"));
  }

  private static ModelConfig read(Map<String, @Nullable Object> json)
      throws JsonProcessingException {
    var notes = new ArrayList<String>();
    String text = new ObjectMapper().writeValueAsString(json);
    ModelConfig config =
        Models.fromHuggingFace(ConfigReader.parse(text, "config.json").asMap(), notes);
    assertThat(notes).isEmpty();
    return config;
  }

  @Provide
  Arbitrary<ModelConfig> configurations() {
    return Arbitraries.longs().map(seed -> new Draw(new SplittableRandom(seed)).config());
  }

  /** Draws shapes; each value is a family's default in some of them. */
  private record Draw(SplittableRandom random) {
    ModelConfig config() {
      return switch (random.nextInt(7)) {
        case 0 -> llama("llama");
        case 1 -> llama("mistral");
        case 2 -> neox();
        case 3 -> gpt2();
        case 4 ->
            new VitConfig(
                16 * number(1, 4),
                pick(1L, 2L, 4L, 8L, 16L),
                number(1, 4),
                48,
                number(1, 200),
                number(1, 30),
                pick(1L, 2L, 3L, 12L),
                pick(1e-12, 1e-5, 1e-6),
                pick(Activation.values()),
                flag(),
                dropouts(random.nextDouble()),
                pick(0.02, random.nextDouble()),
                number(1, 1000));
        case 5 -> {
          int stages = (int) number(1, 5);
          yield new ResNetConfig(
              number(1, 4),
              number(1, 70),
              random.longs(stages, 1, 30).map(size -> 4 * size).boxed().toList(),
              random.longs(stages, 1, 9).boxed().toList(),
              flag(),
              flag(),
              number(1, 1000));
        }
        default ->
            new MlpConfig(
                number(1, 1000),
                random.longs(number(0, 4), 1, 300).boxed().toList(),
                number(1, 100),
                flag(),
                pick(0.0, random.nextDouble()));
      };
    }

    private LlamaConfig llama(String type) {
      boolean mistral = type.equals("mistral");
      long groups = number(1, 4);
      long heads = groups * number(1, 9);
      return new LlamaConfig(
          type,
          number(1, 100_000),
          number(1, 5000),
          number(1, 20_000),
          number(1, 40),
          heads,
          pick(groups, heads),
          2 * number(1, 70),
          pick(2048L, 4096L * 32, number(1, 100_000)),
          mistral && flag() ? pick(4096L, number(1, 10_000)) : null,
          pick(1e-6, 1e-5, random.nextDouble()),
          pick(Activation.values()),
          rotary(),
          flag(),
          !mistral && flag(),
          !mistral && flag(),
          new Dropouts(0, pick(0.0, random.nextDouble()), 0),
          Initializers.normal(pick(0.02, random.nextDouble())),
          tokens());
    }

    private GptNeoXConfig neox() {
      long heads = number(1, 13);
      long headSize = number(2, 200);
      double dropout = pick(0.0, random.nextDouble());
      return new GptNeoXConfig(
          number(1, 100_000),
          heads * headSize,
          number(1, 20_000),
          number(1, 40),
          heads,
          number(1, 5000),
          pick(1e-5, random.nextDouble()),
          pick(Activation.values()),
          rotary(),
          2 * pick(number(1, headSize / 2), headSize / 2),
          flag(),
          flag(),
          flag(),
          dropouts(dropout),
          Initializers.normal(pick(0.02, random.nextDouble())),
          tokens());
    }

    private Gpt2Config gpt2() {
      long heads = number(1, 13);
      long headSize = number(1, 130);
      long layers = number(1, 40);
      return new Gpt2Config(
          number(1, 100_000),
          heads * headSize,
          pick(4 * heads * headSize, number(1, 20_000)),
          layers,
          heads,
          number(1, 5000),
          pick(1e-5, random.nextDouble()),
          pick(Activation.values()),
          flag(),
          true,
          true,
          true,
          flag() ? null : pick(1.0, 1.0 / headSize, random.nextDouble()),
          new MupScales(
              pick(1.0, random.nextDouble()), pick(1.0, random.nextDouble()), 1, 1, false),
          new Dropouts(random.nextDouble(), pick(0.1, random.nextDouble()), random.nextDouble()),
          Initializers.depthScaled(pick(0.02, random.nextDouble()), layers),
          tokens());
    }

    private RotaryConfig rotary() {
      double factor = 1 + 10 * random.nextDouble();
      return new RotaryConfig(
          pick(10_000.0, 500_000.0, 1 + random.nextDouble()),
          pick(
              new RotaryConfig.None(),
              new RotaryConfig.LinearScaling(factor),
              new RotaryConfig.Llama3(
                  factor, random.nextDouble(), 1 + random.nextDouble(), number(1, 9000))));
    }

    private static Dropouts dropouts(double rate) {
      return new Dropouts(rate, rate / 2, rate);
    }

    private List<Long> tokens() {
      return random.longs(random.nextInt(3), 0, 100_000).boxed().toList();
    }

    private boolean flag() {
      return random.nextBoolean();
    }

    private long number(long least, long most) {
      return random.nextLong(least, most + 1);
    }

    @SafeVarargs
    private <T> T pick(T... values) {
      return values[random.nextInt(values.length)];
    }
  }
}
