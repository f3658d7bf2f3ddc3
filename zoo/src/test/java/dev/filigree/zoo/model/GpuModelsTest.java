package dev.filigree.zoo.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.filigree.config.ConfigReader;
import dev.filigree.torch.Tensors;
import dev.filigree.zoo.data.Batch;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.DeviceType;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Loss and gradients of whole networks on a GPU against those of the CPU in float32. */
@Tag("cuda")
class GpuModelsTest {
  private static final String SIZES =
      "vocab_size: 512, hidden_size: 64, num_hidden_layers: 3, num_heads: 4, filter_size: 96,"
          + " max_position_embeddings: 64, ";
  private static final Map<String, String> MODELS =
      Map.of(
          "gpt2",
          "{name: gpt2, " + SIZES + "dropout_rate: 0.0}",
          "llama",
          "{name: llama, "
              + SIZES
              + "position_embedding_type: rotary, norm_type: rmsnorm, nonlinearity: swiglu,"
              + " use_projection_bias_in_attention: false, use_ffn_bias_in_attention: false,"
              + " use_ffn_bias: false, share_embedding_weights: false, dropout_rate: 0.0}");

  @BeforeEach
  void requireGpu() {
    Assumptions.assumeTrue(torch.cuda_is_available(), "this machine has no GPU");
  }

  private static Map<String, Tensor> results(
      String name, boolean gpu, boolean bf16, boolean again) {
    ModelConfig config =
        Models.fromModelZoo(
            ConfigReader.parse(Objects.requireNonNull(MODELS.get(name)), "test.yaml").asMap(),
            new ArrayList<>());
    var model = (LanguageModel) config.create(1);
    model.train(true);
    torch.manual_seed(2);
    Tensor ids = torch.randint(512, new long[] {4, 65}).to(ScalarType.Long);
    var device = new Device(gpu ? "cuda" : "cpu");
    model.to(device, false);
    model.recomputeActivations(again);
    var batch =
        new Batch(
            ids.narrow(1, 0, 64).to(device, ScalarType.Long).contiguous(),
            ids.narrow(1, 1, 64).to(device, ScalarType.Long).contiguous(),
            null);
    torch.set_autocast_dtype(DeviceType.CUDA, ScalarType.BFloat16);
    torch.set_autocast_enabled(DeviceType.CUDA, bf16);
    Tensor loss;
    try {
      loss = model.loss(batch);
    } finally {
      torch.set_autocast_enabled(DeviceType.CUDA, false);
      torch.clear_cache();
    }
    loss.backward();
    var results = new LinkedHashMap<String, Tensor>();
    results.put("loss", loss.detach().cpu());
    Tensors.namedParameters(model)
        .forEach((key, parameter) -> results.put(key, parameter.grad().cpu()));
    // Softmax does not change with what is added to all scores: these gradients are rounding.
    results.keySet().removeIf(key -> key.endsWith("k_proj.bias"));
    return results;
  }

  @ParameterizedTest
  @CsvSource({
    "llama, false, false, 1e-3",
    "gpt2, false, false, 1e-3",
    "llama, true, false, 0.05",
    "llama, true, true, 0.05",
    "gpt2, true, false, 0.05",
  })
  void agree(String name, boolean bf16, boolean recomputed, double tolerance) {
    try (var _ = new PointerScope()) {
      Map<String, Tensor> expected = results(name, false, false, false);
      Map<String, Tensor> found = results(name, true, bf16, recomputed);
      assertThat(found.keySet()).isEqualTo(expected.keySet());
      expected.forEach(
          (key, tensor) -> {
            double error = Objects.requireNonNull(found.get(key)).sub(tensor).norm().item_double();
            assertThat(error / (tensor.norm().item_double() + 1e-6)).as(key).isLessThan(tolerance);
          });
    }
  }
}
