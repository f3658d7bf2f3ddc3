package dev.filigree.zoo.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.filigree.config.ConfigReader;
import dev.filigree.testing.NativeBytes;
import dev.filigree.torch.Tensors;
import dev.filigree.zoo.data.Batch;
import java.util.ArrayList;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.LongStream;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.DeviceType;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Gradients with and without kept activations, compared to the bit. */
class ActivationsTest {
  private static final String SIZES =
      "vocab_size: 64, hidden_size: 32, num_hidden_layers: 3, num_heads: 4, filter_size: 48,"
          + " max_position_embeddings: 16, ";
  private static final String GPT2 = "{name: gpt2, " + SIZES + "dropout_rate: 0.2}";
  private static final String LLAMA =
      "{name: llama, "
          + SIZES
          + "position_embedding_type: rotary, norm_type: rmsnorm, nonlinearity: swiglu,"
          + " use_projection_bias_in_attention: false, use_ffn_bias_in_attention: false,"
          + " use_ffn_bias: false, share_embedding_weights: false, dropout_rate: 0.1}";

  private static LanguageModel model(String block) {
    var notes = new ArrayList<String>();
    ModelConfig config = Models.fromModelZoo(ConfigReader.parse(block, "test.yaml").asMap(), notes);
    return (LanguageModel) config.create(1);
  }

  /** The gradient of every parameter, as raw bits, and the loss. */
  private static Map<String, byte[]> gradients(String block, boolean recomputed, boolean bfloat16) {
    LanguageModel model = model(block);
    model.recomputeActivations(recomputed);
    model.train(true);
    var result = new TreeMap<String, byte[]>();
    torch.manual_seed(7);
    try (var _ = new PointerScope()) {
      Tensor ids = torch.randint(64, new long[] {2, 17}).to(ScalarType.Long);
      var batch =
          new Batch(ids.narrow(1, 0, 16).contiguous(), ids.narrow(1, 1, 16).contiguous(), null);
      if (bfloat16) {
        torch.set_autocast_dtype(DeviceType.CPU, ScalarType.BFloat16);
        torch.set_autocast_enabled(DeviceType.CPU, true);
      }
      Tensor loss;
      try {
        loss = model.loss(batch);
      } finally {
        torch.set_autocast_enabled(DeviceType.CPU, false);
        torch.clear_cache();
      }
      loss.backward();
      result.put("loss", bits(loss.detach()));
      // What is drawn afterwards is the same too.
      result.put("next", bits(torch.rand(4)));
      Tensors.namedParameters(model)
          .forEach((name, parameter) -> result.put(name, bits(parameter.grad())));
    }
    return result;
  }

  private static byte[] bits(Tensor tensor) {
    return Tensors.segment(tensor.contiguous()).toArray(java.lang.foreign.ValueLayout.JAVA_BYTE);
  }

  @ParameterizedTest
  @CsvSource({"gpt2, false", "gpt2, true", "llama, false", "llama, true"})
  void recomputedActivationsGiveTheSameGradients(String name, boolean bfloat16) {
    String block = name.equals("gpt2") ? GPT2 : LLAMA;
    Map<String, byte[]> kept = gradients(block, false, bfloat16);
    Map<String, byte[]> recomputed = gradients(block, true, bfloat16);
    assertThat(recomputed.keySet()).isEqualTo(kept.keySet()).hasSizeGreaterThan(20);
    kept.forEach((key, bits) -> assertThat(recomputed.get(key)).as(key).isEqualTo(bits));
  }

  @Test
  void theForwardPassKeepsLittleMemory() {
    assumeThat(NativeBytes.areCounted()).isTrue();
    bytesAfterForward(false); // makes what lives longer than a pass
    assertThat(medianBytes(true)).isLessThan(medianBytes(false) / 2);
  }

  /** Of three passes: what other threads free or take meanwhile is counted with one of them. */
  private static long medianBytes(boolean recomputed) {
    return LongStream.generate(() -> bytesAfterForward(recomputed))
        .limit(3)
        .sorted()
        .skip(1)
        .findFirst()
        .orElseThrow();
  }

  /** What lives of a forward pass when it is done. */
  private static long bytesAfterForward(boolean recomputed) {
    LanguageModel model = model(LLAMA);
    model.recomputeActivations(recomputed);
    try (var _ = new PointerScope()) {
      Tensor ids = torch.zeros(64, 16).to(ScalarType.Long);
      long before = NativeBytes.inUseOnceSettled();
      Tensor loss = model.loss(new Batch(ids, ids, null));
      long after = NativeBytes.inUseOnceSettled();
      assertThat(loss.requires_grad()).isTrue();
      return after - before;
    }
  }

  @Test
  void aBlockLeavesNoTensorsToJava() {
    LanguageModel model = model(LLAMA);
    try (var _ = new PointerScope()) {
      Tensor ids = torch.zeros(1, 16).to(ScalarType.Long);
      model.loss(new Batch(ids, ids, null)); // makes what lives longer than a pass
      long before = Pointer.totalCount();
      Tensor loss = model.loss(new Batch(ids, ids, null));
      assertThat(loss.requires_grad()).isTrue();
      assertThat(Pointer.totalCount() - before).isLessThan(40);
    }
  }
}
