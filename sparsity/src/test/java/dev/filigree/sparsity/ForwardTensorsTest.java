package dev.filigree.sparsity;

import static dev.filigree.schedule.UpdateSchedules.every;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.filigree.config.ConfigReader;
import dev.filigree.mask.InitialMask;
import dev.filigree.nn.Linear;
import dev.filigree.optim.LibtorchOptimizer;
import dev.filigree.optim.SGD;
import dev.filigree.sparsity.algorithm.SoftThreshold;
import dev.filigree.sparsity.algorithm.SparsityAlgorithm;
import dev.filigree.sparsity.algorithm.TopKast;
import dev.filigree.torch.Tensors;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.AdamWOptions;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Forward weights that have tensors of their own: learned thresholds, a second mask. */
class ForwardTensorsTest {
  private PointerScope scope;

  @BeforeEach
  void openScope() {
    scope = new PointerScope();
  }

  @AfterEach
  void closeScope() {
    scope.close();
  }

  private static SoftThreshold softThreshold() {
    return SoftThreshold.builder(new SoftThreshold.Options(-1.5)).update(every(2)).build();
  }

  private static TopKast topKast() {
    return TopKast.builder(new TopKast.Options(0.5, 1e-3)).sparsity(0.8).update(every(2)).build();
  }

  static Stream<SparsityAlgorithm> algorithms() {
    return Stream.of(softThreshold(), topKast());
  }

  @ParameterizedTest
  @MethodSource("algorithms")
  void aResumedRunGoesOnBitForBit(SparsityAlgorithm algorithm, @TempDir Path folder) {
    var network = new TinyNetwork();
    var resumed = new TinyNetwork();
    SparsityAlgorithm other = algorithm instanceof TopKast ? topKast() : softThreshold();
    try (SparseOptimizer optimizer = Sparsity.wrap(network, network.adamW(), algorithm);
        SparseOptimizer second = Sparsity.wrap(resumed, resumed.adamW(), other)) {
      network.train(optimizer, 0, 5); // between two updates
      SparseCheckpoint.write(folder, network, optimizer);
      network.train(optimizer, 5, 12);
      SparseCheckpoint.read(folder, resumed, second);
      resumed.train(second, 5, 12);
      assertThat(TinyNetwork.equal(network.snapshot(optimizer), resumed.snapshot(second))).isTrue();
      optimizer.verify();
    }
  }

  @ParameterizedTest
  @MethodSource("algorithms")
  void whatIsReadAsTheModelIsWhatItsLayersMultiplyWith(SparsityAlgorithm algorithm) {
    var network = new TinyNetwork();
    SparseOptimizer optimizer = Sparsity.wrap(network, network.adamW(), algorithm);
    network.train(optimizer, 0, 5);
    Tensor dense = requireNonNull(optimizer.denseState(network).get("first.weight")).clone();
    optimizer.zeroGrad();
    double loss = network.backward(5);
    optimizer.close();
    optimizer.inner().zeroGrad();
    assertThat(network.backward(5)).isEqualTo(loss);
    assertThat(network.firstWeight().detach().equal(dense)).isTrue();
  }

  /** By hand: w = [3, -0.5, -2], s = 0, so that the threshold is 1/2. */
  @Test
  void softThresholdsShrinkAndLearn() {
    var layer = new Linear(3, 1, false);
    layer.weight().detach().copy_(row(3, -0.5f, -2));
    var sgd = new SGD(List.of(layer.weight()), SGD.options().lr(1));
    var algorithm = SoftThreshold.builder(new SoftThreshold.Options(0)).update(every(1)).build();
    try (SparseOptimizer optimizer = Sparsity.wrap(layer, sgd, algorithm)) {
      SparseParameter parameter = optimizer.parameters().getFirst();
      Tensor y = layer.forward(torch.ones(1, 3));
      assertThat(y.item_double()).isEqualTo(2.5 - 1.5);
      y.sum().backward();
      Tensor s = requireNonNull(parameter.forwardTensors().get("threshold"));
      // d/ds of -sigmoid(s) for each weight above it, by its sign: -1/4 + 1/4.
      assertThat(s.grad().item_double()).isEqualTo(0);
      assertThat(layer.weight().grad().flatten().get(1).item_double()).isZero();
      optimizer.step();
      // w = [2, -0.5, -3]: two of three are above the threshold.
      assertThat(parameter.kept()).isEqualTo(2);
      assertThat(parameter.sparsity()).isEqualTo(1 - 2.0 / 3);
      optimizer.zeroGrad();
      layer.forward(row(1, 1, 0)).sum().backward();
      assertThat(s.grad().item_double()).isEqualTo(-0.25);
      optimizer.step();
      assertThat(s.item_double()).isEqualTo(0.25);
      optimizer.verify();
    }
  }

  /** By hand: A = {4}, B = {4, 3}, density of A 1/4. */
  @Test
  void topKastMultipliesWithOneSetAndTrainsALargerOne() {
    var layer = new Linear(4, 1, false);
    layer.weight().detach().copy_(row(1, -3, 2, 4));
    var sgd = new SGD(List.of(layer.weight()), SGD.options().lr(1));
    var algorithm =
        TopKast.builder(new TopKast.Options(0.5, 0.1))
            .sparsity(0.75)
            .update(every(1))
            .initialMask(InitialMask.topK())
            .build();
    try (SparseOptimizer optimizer = Sparsity.wrap(layer, sgd, algorithm)) {
      Tensor y = layer.forward(torch.ones(1, 4));
      assertThat(y.item_double()).isEqualTo(4);
      y.sum().backward();
      Tensor gradient = layer.weight().grad().flatten();
      assertThat(gradient.get(0).item_double()).isZero();
      assertThat(gradient.get(1).item_double()).isCloseTo(1 - 0.1 * 3 / 0.25, within(1e-6));
      assertThat(gradient.get(2).item_double()).isZero();
      assertThat(gradient.get(3).item_double()).isCloseTo(1 + 0.1 * 4, within(1e-6));
      optimizer.step(); // 4 becomes 2.6, -3 becomes -2.8
      assertThat(TinyNetwork.kept(optimizer.parameters().getFirst().mask())).containsExactly(1L);
    }
  }

  @Test
  void thresholdsTakePartInWeightDecayOfTheirGroup() {
    var network = new TinyNetwork();
    try (SparseOptimizer optimizer = Sparsity.wrap(network, network.adamW(), softThreshold())) {
      long weights = Tensors.namedParameters(network).size();
      assertThat(optimizer.groups().getFirst().parameters()).hasSize((int) weights + 2);
    }
  }

  @Test
  void anOptimizerOfLibtorchCannotTrainThem() {
    var network = new TinyNetwork();
    var parameters = new TensorVector();
    Tensors.namedParameters(network).values().forEach(parameters::push_back);
    var optimizer =
        LibtorchOptimizer.of(new org.bytedeco.pytorch.AdamW(parameters, new AdamWOptions(0.01)));
    assertThatThrownBy(() -> Sparsity.wrap(network, optimizer, softThreshold()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("LibtorchOptimizer", "dev.filigree.optim");
  }

  @Test
  void aSparsityForTheAlgorithmThatFindsItIsRefused() {
    var config = ConfigReader.parse("{algorithm: str, init: -2, sparsity: 0.8}", "run.yaml");
    assertThatThrownBy(() -> SparsityConfig.read(config))
        .hasMessageContainingAll("run.yaml", "SoftThreshold", "give it no sparsity");
    var good = ConfigReader.parse("{algorithm: str, init: -2}", "run.yaml");
    assertThat(SparsityConfig.read(good).build().entries()).hasSize(1);
  }

  private static Tensor row(float... values) {
    return torch.tensor(values).view(1, values.length);
  }
}
