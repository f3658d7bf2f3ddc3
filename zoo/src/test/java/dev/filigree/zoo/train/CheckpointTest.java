package dev.filigree.zoo.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.filigree.torch.Tensors;
import dev.filigree.zoo.model.Model;
import dev.filigree.zoo.train.checkpoint.Checkpoint;
import dev.filigree.zoo.train.checkpoint.CheckpointException;
import dev.filigree.zoo.train.checkpoint.Checkpoints;
import dev.filigree.zoo.train.checkpoint.Manifests;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class CheckpointTest {
  @TempDir private static Path shared;
  private Path original;

  private Path run;
  private Path checkpoint;

  @BeforeAll
  void train() throws IOException {
    original = shared.resolve("original");
    new TinyRun(shared)
        .train(original, "checkpoint.steps=4", "loop.max_steps=8", "sparsity.sparsity=0.9");
  }

  @BeforeEach
  void copy(@TempDir Path folder) throws IOException {
    run = folder.resolve("run");
    try (Stream<Path> files = Files.walk(original)) {
      for (Path file : files.toList()) {
        Files.copy(file, run.resolve(original.relativize(file)));
      }
    }
    checkpoint = run.resolve("checkpoints/step-000008");
  }

  @Test
  void aCheckpointHasItsFilesAndOpens() throws IOException {
    try (Stream<Path> files = Files.list(checkpoint)) {
      assertThat(files.map(file -> file.getFileName().toString()).sorted())
          .containsExactly(
              "config.json",
              "config.yaml",
              "filigree.json",
              "manifest.json",
              "model.safetensors",
              "state.json",
              "training.safetensors");
    }
    Checkpoint opened = Checkpoints.open(run);
    assertThat(opened.directory()).isEqualTo(checkpoint);
    assertThat(opened.step()).contains(8L);
    assertThat(opened.config()).isPresent();
  }

  @Test
  void theWeightsAreDenseWithZerosOutsideTheMasks() {
    Checkpoint opened = Checkpoints.open(checkpoint);
    Model model = opened.loadModel();
    var parameters = Tensors.namedParameters(model);
    assertThat(opened.masks()).hasSize(14);
    opened
        .masks()
        .forEach(
            (name, mask) -> {
              Tensor weight = parameters.get(name);
              assertThat(weight).isNotNull();
              long size = weight.numel();
              assertThat(mask.sum().item_long()).isEqualTo(size / 10);
              assertThat(weight.masked_select(mask.logical_not()).count_nonzero().item_long())
                  .isZero();
            });
  }

  @Test
  void theStateOfASparseParameterIsStoredForItsKeptWeightsOnly() throws IOException {
    Path dense = shared.resolve("dense");
    if (!Files.exists(dense)) {
      new TinyRun(shared.resolve("dense-data")).train(dense, "sparsity=none", "loop.max_steps=1");
    }
    // Two states of 14 sparse matrices: 2 · 2 · (4·32·32 + 3·32·48) values when dense.
    long values = 2L * 2 * (4 * 32 * 32 + 3 * 32 * 48);
    long saved =
        Files.size(dense.resolve("checkpoints/step-000001/training.safetensors"))
            - Files.size(checkpoint.resolve("training.safetensors"));
    long masks = values / 2 / 8;
    long header = 14 * 100;
    assertThat(saved).isGreaterThan(4 * values * 9 / 10 - masks - header);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "config.json",
        "config.yaml",
        "manifest.json",
        "model.safetensors",
        "state.json",
        "training.safetensors"
      })
  void everyFlippedByteAndEveryCutIsFoundAndNamed(String name) throws IOException {
    Path file = checkpoint.resolve(name);
    byte[] whole = Files.readAllBytes(file);
    var random = new Random(name.hashCode());
    for (int trial = 0; trial < 24; trial++) {
      byte[] damaged = whole.clone();
      damaged[random.nextInt(whole.length)] ^= (byte) (1 << random.nextInt(8));
      assertDamaged(file, damaged);
      assertDamaged(file, Arrays.copyOf(whole, random.nextInt(whole.length)));
    }
    assertDamaged(file, Arrays.copyOf(whole, whole.length + 1));
    Files.delete(file);
    assertThatThrownBy(() -> Checkpoints.open(checkpoint))
        .isInstanceOf(CheckpointException.class)
        .hasMessageStartingWith(file + ": missing");
  }

  private void assertDamaged(Path file, byte[] content) throws IOException {
    Files.write(file, content);
    assertThatThrownBy(() -> Checkpoints.open(checkpoint))
        .isInstanceOf(CheckpointException.class)
        .hasMessageStartingWith(file.toString())
        .message()
        .doesNotContain("\n");
  }

  @Test
  void aResumePassesOverDamagedAndHalfWrittenCheckpoints() throws IOException {
    Files.write(checkpoint.resolve("model.safetensors"), new byte[10]);
    Files.createDirectories(run.resolve("checkpoints/.step-000012.partial"));
    try (Trainer trainer = Trainer.resume(run, List.of("loop.max_steps=9"))) {
      assertThat(trainer.firstStep()).isEqualTo(4);
      assertThat(trainer.skippedCheckpoints())
          .satisfiesExactly(
              line ->
                  assertThat(line).contains(".step-000012.partial: passed over: never finished"),
              line ->
                  assertThat(line)
                      .startsWith("passed over: ")
                      .contains("step-000008/model.safetensors: has 10 bytes"));
      trainer.run();
    }
    assertThat(Checkpoints.newestWhole(run).passedOver()).isEmpty();
    assertThat(Checkpoints.open(checkpoint).step()).contains(8L);
  }

  @Test
  void aCheckpointOfANewerFormatIsNotGuessedAt() throws IOException {
    String state = Files.readString(checkpoint.resolve("state.json"));
    Files.writeString(
        checkpoint.resolve("state.json"), state.replace("\"format\" : 1", "\"format\" : 2"));
    Manifests.rewrite(checkpoint);
    assertThatThrownBy(() -> TinyRun.resume(run))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("state.json: has format 2; this program reads 1");
  }

  @Test
  void aFolderWithoutCheckpointIsSaidToBeOne() {
    assertThatThrownBy(() -> Checkpoints.open(run.resolve("nowhere")))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("no such folder");
    assertThatThrownBy(() -> Checkpoints.open(run.resolve("pictures")))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("manifest.json: missing");
  }
}
