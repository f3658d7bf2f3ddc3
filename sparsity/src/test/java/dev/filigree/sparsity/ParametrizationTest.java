package dev.filigree.sparsity;

import static dev.filigree.schedule.Schedules.cubic;
import static dev.filigree.schedule.UpdateSchedules.every;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.filigree.config.ConfigException;
import dev.filigree.config.ConfigReader;
import dev.filigree.optim.Adam;
import dev.filigree.optim.AdamW;
import dev.filigree.optim.Optimizer;
import dev.filigree.optim.SGD;
import dev.filigree.sparsity.algorithm.GradualMagnitude;
import dev.filigree.sparsity.algorithm.Parametrization;
import dev.filigree.sparsity.algorithm.RateFactor;
import dev.filigree.sparsity.algorithm.RigL;
import dev.filigree.sparsity.algorithm.SparsityAlgorithm;
import dev.filigree.sparsity.algorithm.Static;
import dev.filigree.torch.Tensors;
import java.nio.file.Path;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class ParametrizationTest {
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

  private static Optimizer sgd(TinyNetwork network, double decay) {
    return new SGD(
        Tensors.namedParameters(network).values(), SGD.options().lr(0.01).weightDecay(decay));
  }

  private static SparseOptimizer wrap(
      TinyNetwork network, Optimizer inner, SparsityAlgorithm algorithm, Execution execution) {
    return Sparsity.wrap(
        network,
        inner,
        AlgorithmGroup.of(algorithm),
        SparsityOptions.defaults().execution(execution));
  }

  private static SparsityAlgorithm fixed(Parametrization parametrization) {
    return Static.builder().sparsity(0.75).parametrization(parametrization).build();
  }

  private static SparsityAlgorithm aged(int warmup) {
    return RigL.builder()
        .sparsity(0.75)
        .dropFraction(0.4)
        .update(every(3).until(10))
        .parametrization(Parametrization.standard().regrown(new Parametrization.Regrown(warmup)))
        .build();
  }

  /** How far the first step moves the first layer's kept weights. */
  private static Tensor firstMove(Parametrization parametrization, Execution execution) {
    var network = new TinyNetwork();
    try (var sparse = wrap(network, sgd(network, 0), fixed(parametrization), execution)) {
      Tensor before = sparse.parameters().getFirst().keptValues().clone();
      network.train(sparse, 0, 1);
      return sparse.parameters().getFirst().keptValues().sub(before);
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"MASKED", "COMPRESSED"})
  void theRateIsMultipliedByThePowerOfTheDensity(Execution execution) {
    Tensor dense = firstMove(Parametrization.standard(), execution);
    var byDensity = Parametrization.standard().learningRate(new RateFactor.ByDensity(1));
    var byRoot = Parametrization.standard().learningRate(new RateFactor.ByDensity(0.5));
    var constant = Parametrization.standard().learningRate(new RateFactor.Constant(3));
    assertClose(firstMove(byDensity, execution), dense.mul(new Scalar(4)));
    assertClose(firstMove(byRoot, execution), dense.mul(new Scalar(2)));
    assertClose(firstMove(constant, execution), dense.mul(new Scalar(3)));
  }

  private static void assertClose(Tensor actual, Tensor expected) {
    assertThat(actual.allclose(expected, 1e-3, 1e-6, false)).isTrue();
  }

  @Test
  void rateTimesDecayStays() {
    var network = new TinyNetwork();
    var inner =
        new AdamW(
            Tensors.namedParameters(network).values(), AdamW.options().lr(0.1).weightDecay(0.5));
    var byDensity = Parametrization.standard().learningRate(new RateFactor.ByDensity(1));
    try (var sparse = wrap(network, inner, fixed(byDensity), Execution.MASKED)) {
      Tensor weight = network.firstWeight();
      Tensor before = weight.detach().clone();
      weight.mutable_grad().put(weight.detach().mul(new Scalar(0)));
      sparse.step();
      assertClose(weight.detach(), before.mul(new Scalar(0.95))); // 1 - 0.1 * 0.5
    }
  }

  @Test
  void theRateFollowsADensityThatFalls() {
    var network = new TinyNetwork();
    var rising =
        GradualMagnitude.builder()
            .sparsity(cubic(0, 0.9, 0, 2, 1))
            .update(every(1).until(3))
            .parametrization(Parametrization.standard().learningRate(new RateFactor.ByDensity(1)))
            .build();
    try (var sparse = wrap(network, sgd(network, 0), rising, Execution.MASKED)) {
      network.train(sparse, 0, 2);
      SparseParameter first = sparse.parameters().getFirst();
      double factor = first.size() / (double) first.kept();
      assertThat(factor).isGreaterThan(5);
      Tensor before = first.dense().clone();
      sparse.zeroGrad();
      network.backward(2);
      Tensor gradient = first.weight().grad().clone();
      sparse.step();
      assertClose(first.dense(), before.sub(gradient.mul(new Scalar(0.01 * factor))));
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"MASKED", "COMPRESSED"})
  void initialWeightsAreDividedByTheRootOfTheDensityUnlessTrained(Execution execution) {
    for (boolean trained : new boolean[] {false, true}) {
      var plain = new TinyNetwork();
      var scaled = new TinyNetwork();
      var options = SparsityOptions.defaults().execution(execution);
      var supar = AlgorithmGroup.of(fixed(Parametrization.supar()));
      try (var left = wrap(plain, plain.adamW(), fixed(Parametrization.standard()), execution);
          var right = Sparsity.wrap(scaled, scaled.adamW(), supar, options.trained(trained))) {
        Tensor kept = left.parameters().getFirst().keptValues();
        assertClose(
            right.parameters().getFirst().keptValues(), kept.mul(new Scalar(trained ? 1 : 2)));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void agesOfWeightsThatNeverGrowGiveAdam(boolean decoupled) {
    var plain = new TinyNetwork();
    var counted = new TinyNetwork();
    Optimizer left = adam(plain, decoupled);
    Optimizer right = adam(counted, decoupled);
    right.countAges(counted.firstWeight(), 100);
    plain.train(left, 0, 8);
    counted.train(right, 0, 8);
    assertThat(counted.firstWeight().allclose(plain.firstWeight(), 1e-5, 1e-6, false)).isTrue();
  }

  private static Optimizer adam(TinyNetwork network, boolean decoupled) {
    var parameters = Tensors.namedParameters(network).values();
    var options = Adam.options().lr(0.01).weightDecay(0.1);
    return decoupled ? new AdamW(parameters, options) : new Adam(parameters, options);
  }

  @Test
  void aGrownWeightStartsWithItsOwnCorrectionAndAPartOfItsUpdate() {
    var network = new TinyNetwork();
    Tensor weight = network.firstWeight();
    var optimizer = new AdamW(Tensors.namedParameters(network).values(), AdamW.options().lr(0.01));
    optimizer.countAges(weight, 4);
    network.train(optimizer, 0, 50);
    for (String name : new String[] {"exp_avg", "exp_avg_sq", "age"}) {
      requireNonNull(optimizer.state(weight).get(name)).get(0).zero_(); // a row has just grown
    }
    for (int age = 1; age <= 5; age++) {
      double before = weight.get(0).get(0).item_double();
      weight.mutable_grad().put(weight.detach().mul(new Scalar(0)).add(new Scalar(0.5)));
      optimizer.step();
      double moved = before * (1 - 0.01 * 0.01) - weight.get(0).get(0).item_double();
      assertThat(moved).isCloseTo(0.01 * Math.min(1, age / 4.0), within(1e-5));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 3})
  void bothExecutionsGiveTheSameAges(int warmup) {
    var one = new TinyNetwork();
    var other = new TinyNetwork();
    try (var masked = wrap(one, one.adamW(), aged(warmup), Execution.MASKED);
        var compressed = wrap(other, other.adamW(), aged(warmup), Execution.COMPRESSED)) {
      one.train(masked, 0, 14);
      other.train(compressed, 0, 14);
      for (int i = 0; i < masked.parameters().size(); i++) {
        SparseParameter left = masked.parameters().get(i);
        SparseParameter right = compressed.parameters().get(i);
        assertThat(left.mask().equal(right.mask())).isTrue();
        Tensor age = requireNonNull(masked.state(left.weight()).get("age"));
        Tensor same = right.toDense(requireNonNull(compressed.state(right.weight()).get("age")));
        assertThat(Tensors.type(age)).isEqualTo(ScalarType.Short);
        assertThat(age.equal(same)).isTrue();
        Tensor kept = age.masked_select(left.mask());
        assertThat(kept.min().item_long()).isEqualTo(5); // grown after step 9
        assertThat(kept.max().item_long()).isEqualTo(14);
        assertClose(left.dense(), right.dense());
      }
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"MASKED", "COMPRESSED"})
  void agesAreResumedBitForBit(Execution execution) {
    var network = new TinyNetwork();
    Map<String, Tensor> end;
    try (var sparse = wrap(network, network.adamW(), aged(4), execution)) {
      network.train(sparse, 0, 7);
      SparseCheckpoint.write(folder, network, sparse);
      network.train(sparse, 7, 14);
      end = network.snapshot(sparse);
    }
    var resumed = new TinyNetwork();
    try (var sparse = wrap(resumed, resumed.adamW(), aged(4), execution)) {
      SparseCheckpoint.read(folder, resumed, sparse);
      resumed.train(sparse, 7, 14);
      assertThat(TinyNetwork.equal(end, resumed.snapshot(sparse))).isTrue();
    }
  }

  @Test
  void agesNeedAdam() {
    var network = new TinyNetwork();
    assertThatThrownBy(() -> wrap(network, sgd(network, 0), aged(4), Execution.MASKED))
        .hasMessage("ages of single weights are counted by Adam and AdamW only, not by SGD");
  }

  private static Parametrization read(String keys) {
    return SparsityConfig.read(ConfigReader.parse(keys, "test"))
        .build()
        .entries()
        .getFirst()
        .algorithm()
        .settings()
        .parametrization();
  }

  @Test
  void theBlockSaysAllOfIt() {
    var standard = Parametrization.standard();
    assertThat(read("{sparsity: 0.9}")).isEqualTo(standard);
    assertThat(read("{sparsity: 0.9, learning_rate: by_density}"))
        .isEqualTo(standard.learningRate(new RateFactor.ByDensity(1)));
    assertThat(read("{sparsity: 0.9, learning_rate: {by_density: 0.5}}"))
        .isEqualTo(standard.learningRate(new RateFactor.ByDensity(0.5)));
    assertThat(read("{sparsity: 0.9, learning_rate: {multiplier: 3}}"))
        .isEqualTo(standard.learningRate(new RateFactor.Constant(3)));
    assertThat(read("{sparsity: 0.9, initial_weights: by_density}"))
        .isEqualTo(standard.initialWeightsByDensity(true));
    assertThat(read("{sparsity: 0.9, parametrization: supar, regrown: {age: own, warmup: 7}}"))
        .isEqualTo(Parametrization.supar().regrown(new Parametrization.Regrown(7)));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "learning_rate: fast",
        "learning_rate: {multiplier: 0}",
        "learning_rate: {by_density: 3}",
        "learning_rate: {multiplier: 3, by_density: 1}",
        "regrown: {age: own, warmup: -1}",
        "regrown: {age: optimizer, warmup: 5}",
        "regrown: {ages: own}",
        "parametrization: supar, learning_rate: by_density"
      })
  void whatCannotBeIsRefused(String keys) {
    assertThatThrownBy(() -> read("{sparsity: 0.9, " + keys + "}"))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("test");
  }
}
