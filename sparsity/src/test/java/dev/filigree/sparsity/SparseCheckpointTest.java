package dev.filigree.sparsity;

import static dev.filigree.schedule.Schedules.cubic;
import static dev.filigree.schedule.Schedules.cycling;
import static dev.filigree.schedule.UpdateSchedules.every;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.filigree.nn.Linear;
import dev.filigree.optim.Optimizer;
import dev.filigree.optim.OptimizerStates;
import dev.filigree.optim.SGD;
import dev.filigree.safetensors.SafetensorsFile;
import dev.filigree.sparsity.algorithm.AlgorithmBuilder;
import dev.filigree.sparsity.algorithm.Evidence;
import dev.filigree.sparsity.algorithm.ForwardWeight;
import dev.filigree.sparsity.algorithm.GradualMagnitude;
import dev.filigree.sparsity.algorithm.RigL;
import dev.filigree.sparsity.algorithm.SparsityAlgorithm;
import dev.filigree.sparsity.algorithm.Static;
import dev.filigree.sparsity.algorithm.WeightView;
import dev.filigree.torch.Tensors;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

class SparseCheckpointTest {
  private static final long SAVED = 5;
  private static final long END = 12;

  private @TempDir Path folder;
  private PointerScope scope;

  @BeforeEach
  void openScope() {
    scope = new PointerScope();
  }

  @AfterEach
  void closeScope() {
    scope.close();
  }

  /** Algorithms with state of their own, some of which still wait for their first mask. */
  private static SparsityAlgorithm algorithm(String name) {
    return switch (name) {
      case "rigl" ->
          RigL.builder()
              .sparsity(0.8)
              .dropFraction(cycling(0.5, 0.3))
              .update(every(2).until(11))
              .build();
      case "before the first mask" ->
          GradualMagnitude.builder()
              .sparsity(cubic(0.2, 0.9, 7, 11, 1))
              .update(every(1).from(7))
              .build();
      default -> throw new AssertionError(name);
    };
  }

  private static SparseOptimizer wrap(TinyNetwork model, String algorithm, Execution execution) {
    return Sparsity.wrap(
        model,
        model.adamW(),
        AlgorithmGroup.of(algorithm(algorithm)),
        SparsityOptions.defaults().execution(execution));
  }

  static Stream<Arguments> algorithmsAndExecutions() {
    return Stream.of("rigl", "before the first mask")
        .flatMap(
            name ->
                Stream.of(Execution.MASKED, Execution.COMPRESSED)
                    .map(execution -> Arguments.of(name, execution)));
  }

  @ParameterizedTest
  @MethodSource("algorithmsAndExecutions")
  void aRunThatIsReadGoesOnAsIfItHadNeverStopped(String name, Execution execution) {
    var model = new TinyNetwork();
    Map<String, Tensor> end;
    try (var sparse = wrap(model, name, execution)) {
      model.train(sparse, 0, SAVED);
      SparseCheckpoint.write(folder, model, sparse);
      model.train(sparse, SAVED, END);
      end = model.snapshot(sparse);
    }
    var resumed = new TinyNetwork();
    try (var sparse = wrap(resumed, name, execution)) {
      resumed.train(sparse, 0, 1); // state that must go
      SparseCheckpoint.read(folder, resumed, sparse);
      resumed.train(sparse, SAVED, END);
      assertThat(TinyNetwork.equal(end, resumed.snapshot(sparse))).isTrue();
    }
  }

  @ParameterizedTest
  @MethodSource("algorithmsAndExecutions")
  void theOtherExecutionReadsTheSameTensors(String name, Execution execution) {
    var model = new TinyNetwork();
    Map<String, Tensor> weights;
    Map<String, Tensor> states;
    try (var sparse = wrap(model, name, execution)) {
      model.train(sparse, 0, SAVED);
      SparseCheckpoint.write(folder, model, sparse);
      weights = copies(sparse.denseState(model));
      states = copies(OptimizerStates.save(sparse, Tensors.namedParameters(model)));
    }
    Execution other = execution == Execution.MASKED ? Execution.COMPRESSED : Execution.MASKED;
    var read = new TinyNetwork();
    try (var sparse = wrap(read, name, other)) {
      SparseCheckpoint.read(folder, read, sparse);
      assertThat(sparse.parameters()).allMatch(parameter -> parameter.execution() == other);
      assertThat(TinyNetwork.equal(weights, sparse.denseState(read))).isTrue();
      assertThat(
              TinyNetwork.equal(
                  states, OptimizerStates.save(sparse, Tensors.namedParameters(read))))
          .isTrue();
    }
  }

  private static Map<String, Tensor> copies(Map<String, Tensor> tensors) {
    tensors.replaceAll((name, tensor) -> tensor.clone());
    return tensors;
  }

  /** 1, 2, 3, ... in row-major order. */
  private static Tensor numbered() {
    return torch.arange(new Scalar(1.0), new Scalar(96 * 700 + 1.0)).view(700, 96);
  }

  /** So large a layer that the kernels keep its values in an order of their own. */
  @Test
  void theFileIsInRowMajorOrderWhateverTheKernelsOrderIs() {
    var layer = new Linear(96, 700, false);
    layer.weight().set_data(numbered());
    var sgd = new SGD(List.of(layer.weight()), SGD.options().lr(0).momentum(0.9));
    try (var sparse =
        Sparsity.wrap(
            layer,
            sgd,
            AlgorithmGroup.of(Static.builder().sparsity(0.6).build()),
            SparsityOptions.defaults().execution(Execution.COMPRESSED))) {
      layer.forward(torch.ones(1, 96)).sum().backward();
      sparse.step();
      SparseParameter parameter = sparse.parameters().getFirst();
      Tensor mask = parameter.mask();
      Tensor dense = numbered().mul(mask);
      Tensor kept = dense.masked_select(mask);
      assertThat(layer.weight().detach().equal(kept)).as("the order is the kernels'").isFalse();
      sgd.state(layer.weight()).put("momentum_buffer", layer.weight().detach().clone());

      SparseCheckpoint.write(folder, layer, sparse);
      try (var file = SafetensorsFile.open(folder.resolve(SparseCheckpoint.NAME))) {
        assertThat(file.read("weight").equal(dense)).isTrue();
        assertThat(file.read("optimizer/momentum_buffer/weight").equal(kept)).isTrue();
      }
      Map<String, Tensor> states = OptimizerStates.save(sparse, Tensors.namedParameters(layer));
      assertThat(requireNonNull(states.get("weight/momentum_buffer")).equal(dense)).isTrue();
      assertThat(requireNonNull(sparse.denseState(layer).get("weight")).equal(dense)).isTrue();
      OptimizerStates.load(sparse, Tensors.namedParameters(layer), states);
      assertThat(
              requireNonNull(sgd.state(layer.weight()).get("momentum_buffer"))
                  .equal(layer.weight().detach()))
          .isTrue();
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"MASKED", "COMPRESSED"})
  void theDecisionOfTheFirstWrapHoldsForTheWholeRun(Execution decided) {
    var model = new TinyNetwork();
    Map<String, Tensor> end;
    try (var sparse = wrap(model, "rigl", decided)) {
      model.train(sparse, 0, SAVED);
      SparseCheckpoint.write(folder, model, sparse);
      model.train(sparse, SAVED, END);
      end = model.snapshot(sparse);
    }
    var resumed = new TinyNetwork();
    try (var sparse = wrap(resumed, "rigl", Execution.AUTO)) {
      SparseCheckpoint.read(folder, resumed, sparse);
      assertThat(sparse.parameters()).allMatch(parameter -> parameter.execution() == decided);
      resumed.train(sparse, SAVED, END);
      sparse.verify();
      assertThat(TinyNetwork.equal(end, resumed.snapshot(sparse))).isTrue();
    }
    assertThat(Tensors.shape(resumed.firstWeight()))
        .as("given back dense")
        .containsExactly(TinyNetwork.HIDDEN, TinyNetwork.INPUTS);
  }

  @Test
  void aDecisionThatWasSavedIsNotMadeAnew() {
    SparsityAlgorithm dense =
        RigL.builder().sparsity(0.3).dropFraction(0.3).update(every(2).until(11)).build();
    Map<String, Object> state;
    try (var sparse = wrap(dense, SparsityOptions.defaults().execution(Execution.COMPRESSED))) {
      state = sparse.state();
    }
    SparsityOptions open = SparsityOptions.defaults(); // masked, at such a sparsity
    try (var sparse = wrap(dense, open)) {
      assertThat(sparse.parameters()).allMatch(p -> p.execution() == Execution.MASKED);
    }
    try (var sparse = wrap(dense, open.savedState(state))) {
      assertThat(sparse.parameters()).allMatch(p -> p.execution() == Execution.COMPRESSED);
      assertThat(sparse.parameters()).allMatch(SparseParameter::storesKeptOnly);
    }
  }

  private static SparseOptimizer wrap(SparsityAlgorithm algorithm, SparsityOptions options) {
    var model = new TinyNetwork();
    return Sparsity.wrap(model, model.adamW(), AlgorithmGroup.of(algorithm), options);
  }

  @Test
  void whatDoesNotFitIsRefusedInOneLineThatNamesTheFile() throws Exception {
    var model = new TinyNetwork();
    try (var sparse = wrap(model, "rigl", Execution.MASKED)) {
      assertThatThrownBy(() -> SparseCheckpoint.read(folder, model, sparse))
          .hasMessageContaining(SparseCheckpoint.NAME + ": no such file");
      SparseCheckpoint.write(folder, model, sparse);
    }
    try (var sparse = wrap(model, "before the first mask", Execution.MASKED)) {
      assertThatThrownBy(() -> SparseCheckpoint.read(folder, model, sparse))
          .hasMessageContaining("saved with the algorithm RigL, configured with GradualMagnitude");
    }
    Optimizer sgd = new SGD(model.parameters(), SGD.options().lr(0.1));
    try (var sparse = Sparsity.wrap(model, sgd, algorithm("rigl"))) {
      assertThatThrownBy(() -> SparseCheckpoint.read(folder, model, sparse))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("has the state of the optimizer AdamW, the one here is SGD");
    }
    var other = new Linear(3, 4, true);
    Optimizer adam =
        new dev.filigree.optim.AdamW(other.parameters(), dev.filigree.optim.AdamW.options());
    try (var sparse = Sparsity.wrap(other, adam, algorithm("rigl"))) {
      assertThatThrownBy(() -> SparseCheckpoint.read(folder, other, sparse))
          .hasMessageContaining("has 'first.bias', which the model has not");
      assertThatThrownBy(() -> SparseCheckpoint.write(folder, model, sparse))
          .hasMessageContaining("has no parameter");
    }
    byte[] bytes = Files.readAllBytes(folder.resolve(SparseCheckpoint.NAME));
    Files.write(folder.resolve(SparseCheckpoint.NAME), java.util.Arrays.copyOf(bytes, 3000));
    try (var sparse = wrap(model, "rigl", Execution.MASKED)) {
      assertThatThrownBy(() -> SparseCheckpoint.read(folder, model, sparse))
          .hasMessageContaining(SparseCheckpoint.NAME);
    }
    assertThat(folder.toFile().list()).hasSize(1);
  }

  @Test
  void whatIsStoredWithoutExistingAndWhatWasGatheredComeAlong(@TempDir Path folder) {
    for (SparsityAlgorithm algorithm : List.of(storingAll(), gathering())) {
      try (var _ = new PointerScope()) {
        var model = new TinyNetwork();
        Map<String, Tensor> end;
        try (var sparse = Sparsity.wrap(model, model.adamW(), algorithm)) {
          model.train(sparse, 0, 5);
          SparseCheckpoint.write(folder, model, sparse);
          model.train(sparse, 5, 12);
          end = model.snapshot(sparse);
        }
        var resumed = new TinyNetwork();
        try (var sparse = Sparsity.wrap(resumed, resumed.adamW(), algorithm)) {
          SparseCheckpoint.read(folder, resumed, sparse);
          resumed.train(sparse, 5, 12);
          assertThat(TinyNetwork.equal(end, resumed.snapshot(sparse))).isTrue();
        }
      }
    }
  }

  private static SparsityAlgorithm storingAll() {
    return new AlgorithmBuilder<SparsityAlgorithm>(
            settings ->
                new SparsityAlgorithm(settings) {
                  @Override
                  public ForwardWeight forwardWeight() {
                    return ForwardWeight.straightThrough();
                  }

                  @Override
                  public Tensor growScore(WeightView weight) {
                    return weight.values().abs();
                  }
                })
        .sparsity(0.8)
        .dropFraction(1.0)
        .update(every(3))
        .build();
  }

  private static SparsityAlgorithm gathering() {
    return new AlgorithmBuilder<SparsityAlgorithm>(
            settings ->
                new SparsityAlgorithm(settings) {
                  @Override
                  public Evidence evidence() {
                    return Evidence.gradient(4);
                  }

                  @Override
                  public Tensor growScore(WeightView weight) {
                    return weight.gradient().abs();
                  }
                })
        .sparsity(0.8)
        .dropFraction(0.5)
        .update(every(6))
        .build();
  }
}
