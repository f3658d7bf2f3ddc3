package dev.filigree.zoo.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.filigree.config.ConfigException;
import dev.filigree.safetensors.SafetensorsFile;
import dev.filigree.safetensors.SafetensorsWriter;
import dev.filigree.safetensors.TensorSource;
import dev.filigree.torch.Tensors;
import dev.filigree.zoo.train.checkpoint.CheckpointException;
import dev.filigree.zoo.train.checkpoint.Checkpoints;
import dev.filigree.zoo.train.checkpoint.Manifests;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code checkpoint.weights: compressed}. */
class CompressedCheckpointTest {
  private static final String COMPRESSED = "checkpoint.weights=compressed";

  @TempDir private Path folder;
  private TinyRun tiny;

  @BeforeEach
  void text() throws IOException {
    tiny = new TinyRun(folder);
  }

  private static Path newest(Path run) {
    return Checkpoints.open(run).directory();
  }

  private static void assertSameWeights(Path left, Path right) {
    try (var _ = new PointerScope()) {
      Map<String, Tensor> expected = Checkpoints.open(left).loadModel().tensors();
      Map<String, Tensor> found = Checkpoints.open(right).loadModel().tensors();
      assertThat(found.keySet()).isEqualTo(expected.keySet());
      expected.forEach(
          (name, tensor) -> assertThat(tensor.equal(found.get(name))).as(name).isTrue());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"masked", "compressed"})
  void theWeightsAreThoseOfADenseCheckpointAndTakeLess(String execution) throws IOException {
    Path dense = folder.resolve("dense");
    Path compressed = folder.resolve("compressed");
    tiny.train(dense, "loop.max_steps=4", "execution=" + execution);
    tiny.train(compressed, "loop.max_steps=4", "execution=" + execution, COMPRESSED);
    assertSameWeights(dense, compressed);
    assertThat(newest(compressed).resolve("model.safetensors")).doesNotExist();
    // 17,408 sparse weights of which a quarter is kept, 4 bytes each.
    assertThat(
            Files.size(newest(dense).resolve("model.safetensors"))
                - Files.size(newest(compressed).resolve("compressed.safetensors")))
        .isBetween(4 * 17_408 * 3 / 4 - 2_000L, 4 * 17_408 * 3 / 4 + 2_000L);
  }

  @ParameterizedTest
  @CsvSource({
    "masked, masked",
    "masked, compressed",
    "compressed, masked",
    "compressed, compressed"
  })
  void aRunGoesOnFromItInEitherExecution(String before, String after) {
    Path dense = folder.resolve("dense");
    Path compressed = folder.resolve("compressed");
    tiny.train(dense, "loop.stop_at=6", "execution=" + before);
    tiny.train(compressed, "loop.stop_at=6", "execution=" + before, COMPRESSED);
    TinyRun.resume(dense, "loop.stop_at=12", "execution=" + after);
    TinyRun.resume(compressed, "loop.stop_at=12", "execution=" + after);
    assertSameWeights(dense, compressed);
  }

  @ParameterizedTest
  @ValueSource(strings = {"sparsity=none", "sparsity.sparsity=0.5", "sparsity.sparsity=0.9"})
  void aRunStartsFromItsWeights(String sparsity) {
    Path dense = folder.resolve("dense");
    Path compressed = folder.resolve("compressed");
    tiny.train(dense, "loop.max_steps=4");
    tiny.train(compressed, "loop.max_steps=4", COMPRESSED);
    Path left = folder.resolve("left");
    Path right = folder.resolve("right");
    String states = "checkpoint.load_checkpoint_states=model,optimizer";
    tiny.train(left, "loop.max_steps=2", "ckpt_path=" + dense, sparsity, states);
    tiny.train(right, "loop.max_steps=2", "ckpt_path=" + compressed, sparsity, states);
    assertSameWeights(left, right);
  }

  @Test
  void anAlgorithmThatStoresAllWeightsGoesOnFromIt() {
    Path whole = folder.resolve("whole");
    Path stopped = folder.resolve("stopped");
    String kast =
        "sparsity={algorithm: top_kast, sparsity: 0.75, backward_sparsity: 0.5, penalty: 1.0e-4,"
            + " update: {freq: 4}, init_method: topk}";
    tiny.train(whole, kast);
    tiny.train(stopped, kast, "loop.stop_at=6", COMPRESSED);
    TinyRun.resume(stopped, "loop.stop_at=12");
    assertSameWeights(whole, stopped);
  }

  @Test
  void aDenseRunHasItsWeightsAsEver() {
    Path run = folder.resolve("run");
    tiny.train(run, "loop.max_steps=1", "sparsity=none", COMPRESSED);
    assertThat(newest(run).resolve("model.safetensors")).exists();
  }

  @Test
  void positionsThatDoNotFitTheValuesAreRefused() throws IOException {
    Path run = folder.resolve("run");
    tiny.train(run, "loop.max_steps=2", COMPRESSED);
    Path checkpoint = newest(run);
    String name = "model.layers.1.mlp.up_proj.weight";
    change(checkpoint.resolve("training.safetensors"), "mask/" + name);
    Manifests.rewrite(checkpoint);
    String line = "'kept/" + name + "': [384] values for a mask that keeps 385 weights";
    assertThatThrownBy(() -> Checkpoints.open(run).loadModel())
        .isInstanceOf(CheckpointException.class)
        .hasMessage(checkpoint.resolve("compressed.safetensors") + ": " + line);
    assertThatThrownBy(() -> tiny.train(folder.resolve("new"), "ckpt_path=" + run))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining(line);
  }

  /** Adds a weight to a mask of a file: the first bit that is not set becomes so. */
  private static void change(Path file, String mask) throws IOException {
    var sources = new ArrayList<TensorSource>();
    try (var _ = new PointerScope();
        SafetensorsFile opened = SafetensorsFile.open(file)) {
      for (String name : opened.entries().keySet()) {
        Tensor tensor = opened.read(name);
        if (name.equals(mask)) {
          var bits = Tensors.segment(tensor);
          byte first = bits.get(ValueLayout.JAVA_BYTE, 0);
          bits.set(ValueLayout.JAVA_BYTE, 0, (byte) (first | Integer.lowestOneBit(~first)));
        }
        sources.add(TensorSource.of(name, tensor));
      }
      SafetensorsWriter.write(file, sources, opened.metadata());
    }
  }

  @Test
  void anotherValueIsRefused() {
    assertThatThrownBy(() -> tiny.config("checkpoint.weights=sparse"))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining(
            "checkpoint.weights: allowed: dense, compressed; found the text 'sparse'");
  }
}
