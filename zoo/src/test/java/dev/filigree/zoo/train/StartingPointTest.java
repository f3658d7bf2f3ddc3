package dev.filigree.zoo.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.filigree.mask.Masks;
import dev.filigree.safetensors.ElementType;
import dev.filigree.sparsity.SparseParameter;
import dev.filigree.torch.Tensors;
import dev.filigree.zoo.model.HuggingFaceFolder;
import dev.filigree.zoo.model.Model;
import dev.filigree.zoo.train.checkpoint.Checkpoint;
import dev.filigree.zoo.train.checkpoint.CheckpointException;
import dev.filigree.zoo.train.checkpoint.Checkpoints;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Runs that start from a checkpoint, with sparsity lifted, lowered, raised or kept. */
class StartingPointTest {
  private static final String WITH_OPTIMIZER = "checkpoint.load_checkpoint_states=model,optimizer";

  @TempDir private Path folder;
  private TinyRun tiny;
  private Path sparseRun;

  @BeforeEach
  void trainSparsely() throws IOException {
    tiny = new TinyRun(folder);
    sparseRun = folder.resolve("sparse");
    // The last step is one that updates masks: weights just grown are zero, and exist.
    tiny.train(sparseRun, "loop.max_steps=4", "sparsity.algorithm=set");
  }

  private Session session(Path from, String... overrides) {
    var all = new java.util.ArrayList<>(java.util.List.of(overrides));
    all.add("ckpt_path=" + from);
    return new Session(tiny.config(all.toArray(String[]::new)));
  }

  private static Map<String, Tensor> masks(Session session) {
    var masks = new LinkedHashMap<String, Tensor>();
    session.sparseParameters().forEach(p -> masks.put(p.name(), p.mask()));
    return masks;
  }

  private static boolean zeroOutside(Tensor dense, Tensor mask) {
    return Masks.count(dense.ne(new Scalar(0.0)).logical_and(mask.logical_not())) == 0;
  }

  private static boolean equalWithin(Tensor a, Tensor b, Tensor mask) {
    return Masks.count(a.ne(b).logical_and(mask)) == 0;
  }

  @Test
  void aDenseRunStartsWithTheSparseWeightsAndZerosBetweenThem() {
    try (var _ = new PointerScope();
        var _ = new NoGradGuard();
        Session dense = session(sparseRun, "sparsity=none", WITH_OPTIMIZER)) {
      Checkpoint checkpoint = Checkpoints.open(sparseRun);
      Model saved = checkpoint.loadModel();
      Map<String, Tensor> masks = checkpoint.masks();
      assertThat(masks).hasSize(14);
      Tensors.namedParameters(saved)
          .forEach(
              (name, weight) ->
                  assertThat(weight.equal(dense.parameters().get(name))).as(name).isTrue());
      masks.forEach(
          (name, mask) -> {
            Tensor weight = Objects.requireNonNull(dense.parameters().get(name));
            assertThat(zeroOutside(weight, mask)).as(name).isTrue();
            Map<String, Tensor> state = dense.optimizer().state(weight);
            assertThat(state).containsKeys("exp_avg", "exp_avg_sq");
            for (String key : new String[] {"exp_avg", "exp_avg_sq"}) {
              Tensor tensor = Objects.requireNonNull(state.get(key));
              assertThat(Tensors.shape(tensor)).isEqualTo(Tensors.shape(weight));
              assertThat(zeroOutside(tensor, mask)).as(name + " " + key).isTrue();
              assertThat(Masks.count(tensor.ne(new Scalar(0.0)))).isPositive();
            }
          });
      assertThat(dense.start())
          .hasValueSatisfying(
              line ->
                  assertThat(line)
                      .contains("step-000004")
                      .contains("4,352 weights go on, 13,056 begin at zero, 0 are dropped"));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "0.5, random, masked", "0.5, random, compressed", "0.5, topk, compressed",
    "0.9, random, masked", "0.9, random, compressed", "0.9, topk, masked",
    "0.75, random, masked", "0.75, topk, compressed"
  })
  void theFirstMaskIsTheOldOneWithWeightsGrownAtZeroOrDropped(
      double sparsity, String init, String execution) {
    try (var _ = new PointerScope();
        var _ = new NoGradGuard();
        Session session =
            session(
                sparseRun,
                "sparsity={sparsity: " + sparsity + ", init_method: " + init + "}",
                "execution=" + execution,
                WITH_OPTIMIZER)) {
      Checkpoint checkpoint = Checkpoints.open(sparseRun);
      Map<String, Tensor> savedWeights = Tensors.namedParameters(checkpoint.loadModel());
      Map<String, Tensor> savedMasks = checkpoint.masks();
      assertThat(session.execution()).isEqualTo(execution);
      assertThat(masks(session)).containsOnlyKeys(savedMasks.keySet());
      SparsityGuard.check(session);
      for (SparseParameter parameter : session.sparseParameters()) {
        String name = parameter.name();
        Tensor before = Objects.requireNonNull(savedMasks.get(name));
        Tensor now = parameter.mask();
        Tensor both = before.logical_and(now);
        assertThat(parameter.kept())
            .as(name)
            .isEqualTo(Math.round((1 - sparsity) * parameter.size() - 0.499));
        assertThat(Masks.count(both))
            .as(name)
            .isEqualTo(Math.min(Masks.count(before), parameter.kept()));
        Tensor weight = parameter.dense();
        Tensor saved = Objects.requireNonNull(savedWeights.get(name));
        assertThat(equalWithin(weight, saved, both)).as(name).isTrue();
        assertThat(zeroOutside(weight, both)).as(name).isTrue();
        Map<String, Tensor> state = session.optimizer().state(parameter.weight());
        for (String key : new String[] {"exp_avg", "exp_avg_sq"}) {
          Tensor dense = parameter.toDense(Objects.requireNonNull(state.get(key)));
          assertThat(zeroOutside(dense, both)).as(name + " " + key).isTrue();
          assertThat(Masks.count(dense.ne(new Scalar(0.0)))).as(name + " " + key).isPositive();
        }
      }
    }
  }

  @Test
  void aSparserTopkMaskKeepsTheLargestOfTheOldWeights() {
    try (var _ = new PointerScope();
        var _ = new NoGradGuard();
        Session session = session(sparseRun, "sparsity={sparsity: 0.9, init_method: topk}")) {
      Map<String, Tensor> saved = Tensors.namedParameters(Checkpoints.open(sparseRun).loadModel());
      for (SparseParameter parameter : session.sparseParameters()) {
        Tensor magnitude = Objects.requireNonNull(saved.get(parameter.name())).abs();
        Tensor largest = Masks.topK(magnitude, 0.9);
        assertThat(parameter.mask().equal(largest)).as(parameter.name()).isTrue();
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"masked", "compressed"})
  void aDenseCheckpointIsPrunedByMagnitude(String execution) {
    Path dense = folder.resolve("dense");
    tiny.train(dense, "sparsity=none", "loop.max_steps=2");
    try (var _ = new PointerScope();
        var _ = new NoGradGuard();
        Session session =
            session(
                dense,
                "sparsity={sparsity: 0.8, init_method: topk}",
                "execution=" + execution,
                WITH_OPTIMIZER)) {
      Map<String, Tensor> saved = Tensors.namedParameters(Checkpoints.open(dense).loadModel());
      for (SparseParameter parameter : session.sparseParameters()) {
        Tensor weight = Objects.requireNonNull(saved.get(parameter.name()));
        Tensor mask = Masks.topK(weight.abs(), 0.8);
        assertThat(parameter.mask().equal(mask)).isTrue();
        assertThat(equalWithin(parameter.dense(), weight, mask)).isTrue();
        Tensor state =
            Objects.requireNonNull(session.optimizer().state(parameter.weight()).get("exp_avg"));
        assertThat(zeroOutside(parameter.toDense(state), mask)).isTrue();
      }
      assertThat(session.start()).hasValueSatisfying(line -> assertThat(line).contains("begin at"));
    }
  }

  @Test
  void theZerosOfAHuggingFaceFolderAreItsMask() {
    Path exported = folder.resolve("exported");
    Checkpoint checkpoint = Checkpoints.open(sparseRun);
    HuggingFaceFolder.write(
        exported,
        checkpoint.modelConfig(),
        Tensors.namedParameters(checkpoint.loadModel()),
        ElementType.F32);
    try (var _ = new PointerScope();
        var _ = new NoGradGuard();
        Session session = session(exported, "sparsity=0.5")) {
      Map<String, Tensor> saved = Tensors.namedParameters(checkpoint.loadModel());
      for (SparseParameter parameter : session.sparseParameters()) {
        Tensor weight = Objects.requireNonNull(saved.get(parameter.name()));
        assertThat(parameter.dense().equal(weight)).as(parameter.name()).isTrue();
        assertThat(parameter.sparsity()).isEqualTo(0.5);
      }
    }
    assertThatThrownBy(() -> session(exported, WITH_OPTIMIZER))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("has no optimizer state; set checkpoint.load_checkpoint_states");
  }

  @ParameterizedTest
  @CsvSource({"none, masked", "0.5, masked", "0.5, compressed", "0.9, compressed"})
  void itTrainsOnAndAResumedRunEqualsOneThatNeverStopped(String sparsity, String execution)
      throws IOException {
    String[] changes = {
      "ckpt_path=" + sparseRun,
      "sparsity=" + sparsity,
      "execution=" + execution,
      "loop.max_steps=4",
      "loop.eval_frequency=4",
      WITH_OPTIMIZER
    };
    Path whole = folder.resolve("whole");
    tiny.train(whole, changes);
    Path stopped = folder.resolve("stopped");
    String[] half = java.util.Arrays.copyOf(changes, changes.length + 1);
    half[changes.length] = "loop.stop_at=2";
    tiny.train(stopped, half);
    Path moved = folder.resolve("moved");
    Files.move(sparseRun, moved); // a resumed run does not need it any more
    TinyRun.resume(stopped, "loop.stop_at=4");
    assertThat(TinyRun.rows(stopped)).isEqualTo(TinyRun.rows(whole));
    assertThat(TinyRun.number(TinyRun.rows(whole, "train").getFirst(), "loss")).isLessThan(5.2);
  }

  @Test
  void sparsityThatIsKeptKeepsTheMasks() {
    try (var _ = new PointerScope();
        var _ = new NoGradGuard();
        Session session = session(sparseRun)) {
      Map<String, Tensor> saved = Checkpoints.open(sparseRun).masks();
      session
          .sparseParameters()
          .forEach(p -> assertThat(p.mask().equal(saved.get(p.name()))).as(p.name()).isTrue());
      assertThat(session.start())
          .hasValueSatisfying(
              line -> assertThat(line).contains("4,352 weights go on, 0 begin at zero, 0 are"));
    }
  }

  @Test
  void whatDoesNotFitIsOneLine() throws IOException {
    assertThatThrownBy(() -> session(sparseRun, "model.hidden_size=64"))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("not a checkpoint of the configured model")
        .message()
        .doesNotContain("\n");
    assertThatThrownBy(() -> session(sparseRun, "optimizer={SGD: {momentum: 0.9}}", WITH_OPTIMIZER))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("has the state of AdamW, the optimizer is SGD");
    assertThatThrownBy(() -> session(folder.resolve("nowhere")))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("no such folder");
    Path model = sparseRun.resolve("checkpoints/step-000004/model.safetensors");
    byte[] bytes = Files.readAllBytes(model);
    bytes[bytes.length - 1] ^= 1;
    Files.write(model, bytes);
    assertThatThrownBy(() -> session(sparseRun.resolve("checkpoints/step-000004")))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("model.safetensors");
  }
}
