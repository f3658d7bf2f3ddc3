package dev.filigree.sparsity;

import static dev.filigree.schedule.UpdateSchedules.every;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.filigree.config.ConfigReader;
import dev.filigree.mask.Counting;
import dev.filigree.schedule.Schedules;
import dev.filigree.sparsity.algorithm.AlgorithmBuilder;
import dev.filigree.sparsity.algorithm.Algorithms;
import dev.filigree.sparsity.algorithm.Evidence;
import dev.filigree.sparsity.algorithm.ForwardWeight;
import dev.filigree.sparsity.algorithm.SparsityAlgorithm;
import dev.filigree.torch.Tensors;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorBase;
import org.bytedeco.pytorch.TensorTensorHook;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What holds for every registered algorithm. */
class AlgorithmContractTest {
  private static final long STEPS = 12;

  private PointerScope scope;

  @BeforeEach
  void openScope() {
    scope = new PointerScope();
  }

  @AfterEach
  void closeScope() {
    scope.close();
  }

  /** After the name of an algorithm, where evidence of several steps is asked of it. */
  private static final String STEADY = " by several steps";

  /** The same, with more weights between two updates than at their drop. */
  private static final String SOFT = " with a soft bound";

  /** Options that have no default, or another value than that. */
  private static final Map<String, String> OPTIONS =
      Map.of(
          "ac_dc",
          "{phase: 2, finetune: 8}",
          "top_kast",
          "{backward_sparsity: 0.3}",
          "rigl" + STEADY,
          "{gradient_steps: 3}",
          "granet" + STEADY,
          "{gradient_steps: 3}",
          "mest" + SOFT,
          "{soft: true, lambda: 0.5}");

  /** All but the one that finds out by itself how sparse to be, see ForwardTensorsTest. */
  static Stream<String> algorithms() {
    return Stream.concat(
        Algorithms.names().stream().filter(name -> !name.equals("str")),
        Stream.of("rigl" + STEADY, "granet" + STEADY, "mest" + SOFT));
  }

  private static AlgorithmBuilder<SparsityAlgorithm> builder(String name) {
    String options = OPTIONS.getOrDefault(name, "{}");
    return Algorithms.builder(
        name.replace(STEADY, "").replace(SOFT, ""), ConfigReader.parse(options, "test").asMap());
  }

  static Stream<Arguments> algorithmsAndExecutions() {
    return algorithms()
        .flatMap(
            name ->
                Stream.of(Execution.MASKED, Execution.COMPRESSED)
                    .filter(execution -> execution == Execution.MASKED || !keepsMomentum(name))
                    .map(execution -> Arguments.of(name, execution)));
  }

  /** Of weights that do not exist; there is no compressed execution then. */
  private static boolean keepsMomentum(String name) {
    return flat(name, 0.8).evidence() instanceof Evidence.Momentum;
  }

  static Stream<Arguments> algorithmsExecutionsAndSparsities() {
    return algorithmsAndExecutions()
        .map(Arguments::get)
        .flatMap(
            both ->
                Stream.of(0.0, 0.5, 0.6, 0.8, 0.95, 0.99, 1.0)
                    .map(sparsity -> Arguments.of(both[0], both[1], sparsity)));
  }

  @ParameterizedTest
  @MethodSource("algorithmsExecutionsAndSparsities")
  void countsAreExactAfterEveryStep(String name, Execution execution, double sparsity) {
    var network = new TinyNetwork();
    SparsityAlgorithm algorithm = flat(name, sparsity);
    try (SparseOptimizer optimizer = wrap(network, algorithm, execution)) {
      for (long step = 0; step < STEPS; step++) {
        network.train(optimizer, step, step + 1);
        long total = 0;
        for (SparseParameter parameter : optimizer.parameters()) {
          long expected = Counting.kept(parameter.size(), algorithm.sparsity(step + 1));
          if (algorithm.maskChoice().isPresent()) {
            assertConstantFanIn(parameter, expected);
            continue;
          }
          if (algorithm.redistribution().isEmpty()) {
            assertThat(parameter.kept()).as("%s step %d", parameter, step).isEqualTo(expected);
          }
          assertThat(parameter.mask().sum().item_long()).isEqualTo(parameter.kept());
          total += parameter.kept() - expected;
        }
        assertThat(total).as("weights too many after step %d", step).isZero();
        optimizer.verify();
      }
    }
  }

  /** Outputs have no weight or all the same number, as many as fit. */
  private static void assertConstantFanIn(SparseParameter parameter, long atMost) {
    Tensor fanIns = parameter.mask().sum(1);
    long active = fanIns.ne(new Scalar(0)).sum().item_long();
    long fanIn = fanIns.max().item_long();
    assertThat(parameter.mask().sum().item_long()).isEqualTo(active * fanIn);
    assertThat(parameter.kept()).isEqualTo(active * fanIn);
    assertThat(parameter.kept()).isBetween(atMost - parameter.shape()[0] + 1, atMost);
  }

  @Test
  void whatCannotBeCompressedIsRefusedInOneLine() {
    List<String> refused = algorithms().filter(AlgorithmContractTest::keepsMomentum).toList();
    assertThat(refused)
        .contains("snfs")
        .allSatisfy(
            name ->
                assertThatThrownBy(() -> wrap(new TinyNetwork(), name, 0.8, Execution.COMPRESSED))
                    .hasMessage(
                        "'first.weight' cannot run compressed: its algorithm keeps the momentum of"
                            + " weights that do not exist"));
  }

  /** All but those that store every weight. */
  static Stream<String> storingOnlyWhatExists() {
    return algorithms()
        .filter(name -> flat(name, 0.8).forwardWeight().equals(ForwardWeight.stored()));
  }

  @ParameterizedTest
  @MethodSource("storingOnlyWhatExists")
  void nothingIsThereOutsideTheMask(String name) {
    var network = new TinyNetwork();
    try (SparseOptimizer optimizer = wrap(network, name, 0.8)) {
      for (long step = 0; step < STEPS; step++) {
        optimizer.zeroGrad();
        network.backward(step);
        for (SparseParameter parameter : optimizer.parameters()) {
          Tensor outside = parameter.mask().logical_not();
          assertThat(nonzero(parameter.weight().grad(), outside)).isZero();
        }
        optimizer.step();
        for (SparseParameter parameter : optimizer.parameters()) {
          Tensor outside = parameter.mask().logical_not();
          assertThat(nonzero(parameter.weight().detach(), outside)).isZero();
          optimizer
              .state(parameter.weight())
              .forEach(
                  (key, state) -> {
                    if (state.dim() == 2) {
                      assertThat(nonzero(state, outside)).as(key).isZero();
                    }
                  });
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("algorithmsAndExecutions")
  void sameSeedGivesTheSameRun(String name, Execution execution) {
    var first = new TinyNetwork();
    var second = new TinyNetwork();
    try (SparseOptimizer left = wrap(first, name, 0.8, execution);
        SparseOptimizer right = wrap(second, name, 0.8, execution)) {
      assertThat(first.train(left, 0, STEPS)).isEqualTo(second.train(right, 0, STEPS));
      assertThat(TinyNetwork.equal(first.snapshot(left), second.snapshot(right))).isTrue();
    }
  }

  @ParameterizedTest
  @MethodSource("algorithmsAndExecutions")
  void stateSavedAtAnyStepGivesTheSameFuture(String name, Execution execution) {
    var network = new TinyNetwork();
    var states = new ArrayList<Map<String, Object>>();
    var tensors = new ArrayList<Map<String, Tensor>>();
    try (SparseOptimizer optimizer = rising(network, name, execution)) {
      for (long step = 0; step < STEPS; step++) {
        states.add(optimizer.state());
        tensors.add(network.snapshot(optimizer));
        network.train(optimizer, step, step + 1);
      }
      Map<String, Tensor> end = network.snapshot(optimizer);
      for (int step = 1; step < STEPS; step++) {
        var resumed = new TinyNetwork();
        try (SparseOptimizer other = rising(resumed, name, execution)) {
          other.load(states.get(step));
          resumed.restore(other, tensors.get(step));
          resumed.train(other, step, STEPS);
          assertThat(TinyNetwork.equal(end, resumed.snapshot(other))).as("from %d", step).isTrue();
        }
      }
    }
  }

  /** A momentum remembers NaN: what it belongs to never grows again. */
  static Stream<String> forgettingGradients() {
    return storingOnlyWhatExists().filter(name -> !keepsMomentum(name));
  }

  @ParameterizedTest
  @MethodSource("forgettingGradients")
  void nanInAPrunedGradientChangesNothing(String name) {
    var clean = new TinyNetwork();
    var poisoned = new TinyNetwork();
    var poison = new Poison(poisoned.firstWeight());
    try (SparseOptimizer left = wrap(clean, name, 0.8);
        SparseOptimizer right = wrap(poisoned, name, 0.8)) {
      poison.parameter = right.parameters().getFirst();
      clean.train(left, 0, STEPS);
      poisoned.train(right, 0, STEPS);
      assertThat(poison.count).isGreaterThanOrEqualTo((int) STEPS / 2); // all but dense phases
      assertThat(TinyNetwork.equal(clean.snapshot(left), poisoned.snapshot(right))).isTrue();
    }
  }

  /**
   * Puts NaN where a weight is missing and the gradient is smallest, at the last of equal ones:
   * where nothing would grow.
   */
  private static final class Poison extends TensorTensorHook {
    private @Nullable SparseParameter parameter;
    private final List<Tensor> handedOut = new ArrayList<>(); // libtorch needs them reachable
    private int count;

    Poison(Tensor weight) {
      weight.register_hook(this);
    }

    @Override
    public TensorBase call(TensorBase gradient) {
      Tensor dense = new Tensor(gradient).clone();
      Tensor mask = requireNonNull(parameter).mask();
      if (mask.all().item_bool()) {
        return gradient;
      }
      Tensor missing = dense.abs().masked_fill(mask, new Scalar(1e30));
      long index = missing.numel() - 1 - missing.flatten().flip(0).argmin().item_long();
      dense.flatten().narrow(0, index, 1).fill_(new Scalar(Double.NaN));
      count++;
      handedOut.add(dense);
      return dense;
    }
  }

  @ParameterizedTest
  @MethodSource("algorithms")
  void bfloat16ParametersSelectLikeFloat32(String name) {
    var network = new TinyNetwork(ScalarType.BFloat16);
    var twin = new TinyNetwork();
    // The same numbers in both: those that bfloat16 can hold.
    var halves = Tensors.namedParameters(network);
    Tensors.namedParameters(twin)
        .forEach(
            (key, weight) ->
                weight.set_data(requireNonNull(halves.get(key)).detach().to(ScalarType.Float)));
    try (SparseOptimizer left = wrap(network, name, 0.8);
        SparseOptimizer right = wrap(twin, name, 0.8)) {
      assertThat(kept(left)).isEqualTo(kept(right));
    }
  }

  private static List<List<Long>> kept(SparseOptimizer optimizer) {
    return optimizer.parameters().stream()
        .map(parameter -> TinyNetwork.kept(parameter.mask()))
        .toList();
  }

  private static long nonzero(Tensor tensor, Tensor where) {
    return tensor.ne(new Scalar(0)).logical_and(where).sum().item_long();
  }

  private static SparseOptimizer wrap(TinyNetwork network, String name, double sparsity) {
    return wrap(network, name, sparsity, Execution.MASKED);
  }

  private static SparseOptimizer wrap(
      TinyNetwork network, String name, double sparsity, Execution execution) {
    return wrap(network, flat(name, sparsity), execution);
  }

  private static SparsityAlgorithm flat(String name, double sparsity) {
    // A schedule that is flat without being a constant suits gradual algorithms too.
    return builder(name)
        .sparsity(step -> sparsity)
        .dropFraction(Schedules.cosine(0.5, 10))
        .update(every(2))
        .build();
  }

  private static SparseOptimizer wrap(
      TinyNetwork network, SparsityAlgorithm algorithm, Execution execution) {
    return Sparsity.wrap(
        network,
        network.adamW(),
        AlgorithmGroup.of(algorithm),
        SparsityOptions.defaults().execution(execution));
  }

  private static SparseOptimizer rising(TinyNetwork network, String name, Execution execution) {
    var algorithm =
        builder(name)
            .sparsity(Schedules.cycling(0.3, 0.5, 0.6, 0.8, 0.9))
            .dropFraction(Schedules.cycling(0.5, 0.3, 0.2))
            .update(every(2))
            .build();
    return Sparsity.wrap(
        network,
        network.adamW(),
        AlgorithmGroup.of(algorithm),
        SparsityOptions.defaults().execution(execution));
  }
}
