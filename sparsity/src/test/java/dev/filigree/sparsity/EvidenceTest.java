package dev.filigree.sparsity;

import static dev.filigree.schedule.UpdateSchedules.every;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.filigree.config.ConfigReader;
import dev.filigree.nn.Layer;
import dev.filigree.nn.Linear;
import dev.filigree.optim.GradScaler;
import dev.filigree.optim.SGD;
import dev.filigree.sparsity.algorithm.AlgorithmBuilder;
import dev.filigree.sparsity.algorithm.AlgorithmSettings;
import dev.filigree.sparsity.algorithm.Algorithms;
import dev.filigree.sparsity.algorithm.Evidence;
import dev.filigree.sparsity.algorithm.ForwardWeight;
import dev.filigree.sparsity.algorithm.SparsityAlgorithm;
import dev.filigree.sparsity.algorithm.WeightView;
import dev.filigree.testing.NativeBytes;
import dev.filigree.torch.Tensors;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What an algorithm asks for is there when its scores are computed, and only then. */
class EvidenceTest {
  private PointerScope scope;

  @BeforeEach
  void openScope() {
    scope = new PointerScope();
  }

  @AfterEach
  void closeScope() {
    scope.close();
  }

  /** Grows by some evidence, and remembers it. */
  private static class Watching extends SparsityAlgorithm {
    private final Evidence evidence;
    private final Function<WeightView, Tensor> look;
    private final List<float[]> seen = new ArrayList<>();

    Watching(AlgorithmSettings settings, Evidence evidence, Function<WeightView, Tensor> look) {
      super(settings);
      this.evidence = evidence;
      this.look = look;
    }

    static Watching every4Steps(Evidence evidence, Function<WeightView, Tensor> look) {
      return new AlgorithmBuilder<>(settings -> new Watching(settings, evidence, look))
          .sparsity(0.5)
          .dropFraction(0.5)
          .update(every(4))
          .initialMask(OneWeight.keeping(0, 1))
          .build();
    }

    @Override
    public Evidence evidence() {
      return evidence;
    }

    @Override
    public Tensor growScore(WeightView weight) {
      Tensor found = look.apply(weight).contiguous();
      var values = new float[(int) found.numel()];
      java.lang.foreign.MemorySegment.copy(
          Tensors.segment(found),
          java.lang.foreign.ValueLayout.JAVA_FLOAT,
          0,
          values,
          0,
          values.length);
      seen.add(values);
      return weight.random();
    }
  }

  private static void train(OneWeight model, SparseOptimizer optimizer, double... gradients) {
    for (double gradient : gradients) {
      optimizer.zeroGrad();
      model.backward(gradient, 2 * gradient, 3 * gradient, 4 * gradient);
      optimizer.step();
    }
  }

  @Test
  void theGradientOfSeveralStepsIsTheirMean() {
    var model = OneWeight.of(2, 2, 1, 1, 1, 1);
    var algorithm = Watching.every4Steps(Evidence.gradient(3), WeightView::gradient);
    try (var optimizer = MaskedTraining.wrap(model, model.sgd(0), algorithm)) {
      train(model, optimizer, 100, 1, 2, 6, 100, 3, 3, 6);
    }
    assertThat(algorithm.seen)
        .containsExactly(new float[] {3, 6, 9, 12}, new float[] {4, 8, 12, 16});
  }

  /** By hand: weight 2 has the larger mean, 3 the larger gradient of the last step. */
  @ParameterizedTest
  @ValueSource(strings = {"rigl", "granet"})
  void growthByTheGradientOfSeveralStepsIsByTheirMean(String name) {
    for (int steps : new int[] {1, 3}) {
      var model = OneWeight.of(2, 2, 1, 2, 1, 1);
      var options = ConfigReader.parse("{gradient_steps: %d}".formatted(steps), "test").asMap();
      SparsityAlgorithm algorithm =
          Algorithms.builder(name, options)
              .sparsity(step -> 0.5)
              .dropFraction(0.5)
              .update(every(4))
              .initialMask(OneWeight.keeping(0, 1))
              .build();
      try (var optimizer = MaskedTraining.wrap(model, model.sgd(0), algorithm)) {
        for (double[] gradient : new double[][] {{0, 99}, {5, 0}, {4, 2}, {-1, -2}}) {
          optimizer.zeroGrad();
          model.backward(0.1, 0.1, gradient[0], gradient[1]);
          optimizer.step();
        }
        assertThat(TinyNetwork.kept(optimizer.parameters().getFirst().mask()))
            .containsExactly(1L, steps == 1 ? 3L : 2L);
      }
    }
  }

  @Test
  void aSkippedStepAddsNothing() {
    var model = OneWeight.of(2, 2, 1, 1, 1, 1);
    var algorithm = Watching.every4Steps(Evidence.gradient(2), WeightView::gradient);
    try (var optimizer = MaskedTraining.wrap(model, model.sgd(0), algorithm)) {
      train(model, optimizer, 1, 1, 4);
      optimizer.zeroGrad();
      model.backward(50, 50, 50, 50); // no step: the loss overflowed
      train(model, optimizer, 2);
    }
    assertThat(algorithm.seen).containsExactly(new float[] {3, 6, 9, 12});
  }

  @Test
  void momentumIsTheExponentialAverageOfAllSteps() {
    var model = OneWeight.of(2, 2, 1, 1, 1, 1);
    var algorithm = Watching.every4Steps(Evidence.momentum(0.5), WeightView::momentum);
    try (var optimizer = MaskedTraining.wrap(model, model.sgd(0), algorithm)) {
      train(model, optimizer, 16, 8, 4, 2, 1, 1, 1, 1);
    }
    // ((((16 / 2) + 8) / 2 + 4) / 2 + 2) / 2 = 4, and on.
    double second = ((((4 + 1) / 2.0 + 1) / 2 + 1) / 2 + 1) / 2;
    assertThat(algorithm.seen).hasSize(2);
    assertThat(algorithm.seen.get(0)).containsExactly(4, 8, 12, 16);
    assertThat(algorithm.seen.get(1)[0]).isEqualTo((float) second);
  }

  @Test
  void whatIsGatheredGoesOnFromACheckpoint() {
    var model = OneWeight.of(2, 2, 1, 1, 1, 1);
    var algorithm = Watching.every4Steps(Evidence.gradient(3), WeightView::gradient);
    try (var optimizer = MaskedTraining.wrap(model, model.sgd(0), algorithm)) {
      train(model, optimizer, 100, 1, 2);
      var resumed = OneWeight.of(2, 2, 1, 1, 1, 1);
      var again = Watching.every4Steps(Evidence.gradient(3), WeightView::gradient);
      try (var other = MaskedTraining.wrap(resumed, resumed.sgd(0), again)) {
        other.load(optimizer.state());
        other.loadMasks(optimizer.masks());
        other.saved().loadEvidence(optimizer.saved().evidence());
        train(resumed, other, 6);
      }
      assertThat(again.seen).containsExactly(new float[] {3, 6, 9, 12});
    }
  }

  @Test
  void whatIsGatheredOfSixteenBitWeightsIsNotRoundedInACheckpoint(@TempDir Path folder) {
    var network = new TinyNetwork(ScalarType.BFloat16);
    var resumed = new TinyNetwork(ScalarType.BFloat16);
    var algorithm = Watching.every4Steps(Evidence.gradient(3), WeightView::gradient);
    var again = Watching.every4Steps(Evidence.gradient(3), WeightView::gradient);
    try (var optimizer = MaskedTraining.wrap(network, network.adamW(), algorithm);
        var other = MaskedTraining.wrap(resumed, resumed.adamW(), again)) {
      network.train(optimizer, 0, 3);
      SparseCheckpoint.write(folder, network, optimizer);
      SparseCheckpoint.read(folder, resumed, other);
      Tensor gathered = requireNonNull(optimizer.saved().evidence().get("first.weight"));
      Tensor read = requireNonNull(other.saved().evidence().get("first.weight"));
      assertThat(gathered.to(ScalarType.BFloat16).to(ScalarType.Float).equal(gathered)).isFalse();
      assertThat(read.equal(gathered)).isTrue();
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"MASKED", "COMPRESSED"})
  void inputNormsAreRootMeanSquaresOverTheStepBeforeAnUpdate(Execution execution) {
    final class Net extends Layer {
      private final Linear layer = register("layer", new Linear(3, 2, false));
    }
    var net = new Net();
    net.layer.weight().detach().fill_(new org.bytedeco.pytorch.Scalar(1));
    var algorithm = Watching.every4Steps(Evidence.inputNorms(), WeightView::inputNorms);
    var sgd = new SGD(List.of(net.layer.weight()), SGD.options().lr(0));
    try (var optimizer =
        Sparsity.wrap(
            net,
            sgd,
            AlgorithmGroup.of(algorithm),
            SparsityOptions.defaults().execution(execution))) {
      for (int step = 0; step < 4; step++) {
        optimizer.zeroGrad();
        Tensor x = torch.tensor(new float[] {3, 0, step, 4, 2, 0}).reshape(2, 3);
        net.layer.forward(x).sum().backward();
        optimizer.step();
      }
    }
    assertThat(algorithm.seen)
        .containsExactly(
            new float[] {
              (float) Math.sqrt(25 / 2.0), (float) Math.sqrt(2), (float) Math.sqrt(9 / 2.0)
            });
  }

  @Test
  void whatWasNotAskedForIsAnError() {
    var model = OneWeight.of(2, 2, 1, 1, 1, 1);
    var algorithm = Watching.every4Steps(Evidence.none(), WeightView::gradient);
    try (var optimizer = MaskedTraining.wrap(model, model.sgd(0), algorithm)) {
      train(model, optimizer, 1, 1, 1);
      assertThatThrownBy(() -> train(model, optimizer, 1))
          .hasMessageContainingAll("weight: ", "Evidence.gradient()");
    }
  }

  @Test
  void aMeanOfFewerStepsThanAskedForIsTheirMean() {
    var model = OneWeight.of(2, 2, 1, 1, 1, 1);
    var algorithm = Watching.every4Steps(Evidence.gradient(9), WeightView::gradient);
    try (var optimizer = MaskedTraining.wrap(model, model.sgd(0), algorithm)) {
      train(model, optimizer, 6, 6, 6, 6, 2, 2, 2, 2);
    }
    assertThat(algorithm.seen)
        .containsExactly(new float[] {6, 12, 18, 24}, new float[] {2, 4, 6, 8});
  }

  @Test
  void theLossScaleIsNotInIt() {
    var model = OneWeight.of(2, 2, 1, 1, 1, 1);
    var algorithm = Watching.every4Steps(Evidence.momentum(0), WeightView::momentum);
    try (var optimizer = MaskedTraining.wrap(model, model.sgd(0), algorithm)) {
      GradScaler scaler = GradScaler.fixed(1024);
      for (int step = 0; step < 4; step++) {
        optimizer.zeroGrad();
        scaler.scale(model.weight().sum()).backward();
        scaler.step(optimizer);
        scaler.update();
      }
    }
    assertThat(algorithm.seen).containsExactly(new float[] {1, 1, 1, 1});
  }

  @Test
  void whatIsGatheredOverStepsTakesNoMoreMemoryFromStepToStep() {
    assumeThat(NativeBytes.areCounted()).isTrue();
    long side = 1024;
    var model = new OneWeight(torch.ones(side, side));
    var algorithm =
        new AlgorithmBuilder<>(
                settings -> new Watching(settings, Evidence.momentum(0.9), WeightView::zeros))
            .sparsity(0.5)
            .dropFraction(0.5)
            .update(every(1000))
            .build();
    try (var optimizer = MaskedTraining.wrap(model, model.sgd(0), algorithm)) {
      long before = 0;
      for (int step = 0; step < 30; step++) {
        if (step == 3) {
          before = NativeBytes.inUseOnceSettled();
        }
        try (var _ = new PointerScope()) {
          optimizer.zeroGrad();
          model.weight().sum().backward();
          optimizer.step();
        }
      }
      assertThat((double) (NativeBytes.inUse() - before) / (4 * side * side)).isLessThan(3);
    }
  }

  @Test
  void inputsOfAStepThatOverflowedDoNotCount() {
    var layer = new Linear(3, 2, false);
    var algorithm = Watching.every4Steps(Evidence.inputNorms(), WeightView::inputNorms);
    var sgd = new SGD(List.of(layer.weight()), SGD.options().lr(0));
    GradScaler scaler = GradScaler.fixed(4);
    try (var optimizer = MaskedTraining.wrap(layer, sgd, algorithm)) {
      for (float input : new float[] {1, 1, 1, Float.POSITIVE_INFINITY, 2}) {
        optimizer.zeroGrad();
        Tensor x = torch.tensor(new float[] {input, input, input}).reshape(1, 3);
        scaler.scale(layer.forward(x).sum()).backward();
        scaler.step(optimizer);
        scaler.update();
      }
    }
    assertThat(algorithm.seen).containsExactly(new float[] {2, 2, 2});
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void theGradientOfALayerThatIsUsedTwiceIsThatOfBothUses(boolean straightThrough) {
    var layer = new Linear(2, 1, false);
    var algorithm =
        new AlgorithmBuilder<>(
                settings ->
                    new Watching(settings, Evidence.gradient(1), WeightView::random) {
                      @Override
                      public ForwardWeight forwardWeight() {
                        return straightThrough
                            ? ForwardWeight.straightThrough()
                            : ForwardWeight.stored();
                      }
                    })
            .sparsity(0.5)
            .dropFraction(0.5)
            .update(every(4))
            .build();
    var sgd = new SGD(List.of(layer.weight()), SGD.options().lr(0));
    try (var optimizer = MaskedTraining.wrap(layer, sgd, algorithm)) {
      for (int step = 0; step < 4; step++) {
        optimizer.zeroGrad();
        Tensor once = layer.forward(torch.tensor(new float[] {1, 2}).reshape(1, 2));
        Tensor again = layer.forward(torch.tensor(new float[] {10, 20}).reshape(1, 2));
        once.add(again).sum().backward();
        if (step == 3) {
          Tensor gathered =
              optimizer.parameters().getFirst().evidence().denseGradient().orElseThrow();
          assertThat(gathered.equal(torch.tensor(new float[] {11, 22}).reshape(1, 2))).isTrue();
        }
        optimizer.step();
      }
    }
  }

  @Test
  void inputsSeenBeforeGradientsAreForgottenCount() {
    var layer = new Linear(3, 2, false);
    var algorithm = Watching.every4Steps(Evidence.inputNorms(), WeightView::inputNorms);
    var sgd = new SGD(List.of(layer.weight()), SGD.options().lr(0));
    try (var optimizer = MaskedTraining.wrap(layer, sgd, algorithm)) {
      for (int step = 0; step < 4; step++) {
        Tensor y = layer.forward(torch.ones(2, 3)).sum();
        optimizer.zeroGrad();
        y.backward();
        optimizer.step();
      }
    }
    assertThat(algorithm.seen).containsExactly(new float[] {1, 1, 1});
  }

  @ParameterizedTest
  @EnumSource(names = {"MASKED", "COMPRESSED"})
  void aGrowthByTheGradientOfOneStepSeesNothingThatTheStepChanges(Execution execution) {
    var layer = new Linear(4, 4, false);
    var algorithm = Watching.every4Steps(Evidence.gradient(), WeightView::values);
    var sgd = new SGD(List.of(layer.weight()), SGD.options().lr(0.1));
    SparsityOptions options = SparsityOptions.defaults().execution(execution);
    try (var optimizer = Sparsity.wrap(layer, sgd, AlgorithmGroup.of(algorithm), options)) {
      assertThatThrownBy(
              () -> {
                for (int step = 0; step < 4; step++) {
                  optimizer.zeroGrad();
                  layer.forward(torch.ones(2, 4)).sum().backward();
                  optimizer.step();
                }
              })
          .hasMessageContainingAll("weight: ", "gradient of one step has no values");
    }
  }
}
