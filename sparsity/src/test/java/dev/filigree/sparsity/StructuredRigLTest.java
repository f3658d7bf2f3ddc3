package dev.filigree.sparsity;

import static dev.filigree.schedule.UpdateSchedules.every;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.filigree.mask.ScoreShaper;
import dev.filigree.sparsity.algorithm.AlgorithmBuilder;
import dev.filigree.sparsity.algorithm.AlgorithmSettings;
import dev.filigree.sparsity.algorithm.MaskChoice;
import dev.filigree.sparsity.algorithm.SparsityAlgorithm;
import dev.filigree.sparsity.algorithm.StructuredRigL;
import dev.filigree.sparsity.algorithm.WeightView;
import java.util.List;
import java.util.Optional;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Updates of three neurons with four inputs each, six weights in all, by hand. */
class StructuredRigLTest {
  private static final double[] TWO_EACH = {5, 4, 7, 7, 3, 2, 7, 7, 0.2, 0.1, 7, 7};

  private PointerScope scope;

  @BeforeEach
  void openScope() {
    scope = new PointerScope();
  }

  @AfterEach
  void closeScope() {
    scope.close();
  }

  private static AlgorithmBuilder<StructuredRigL> builder(double gammaSal) {
    return StructuredRigL.builder(new StructuredRigL.Options(gammaSal))
        .sparsity(0.5)
        .dropFraction(1.0 / 3) // two of six
        .update(every(1));
  }

  private static SparseOptimizer wrap(OneWeight model, double gammaSal, long... first) {
    var algorithm = builder(gammaSal).initialMask(OneWeight.keeping(first)).build();
    return MaskedTraining.wrap(model, model.sgd(0), algorithm);
  }

  /** The weights that exist after a step with these gradients. */
  private static List<Long> step(OneWeight model, SparseOptimizer optimizer, double... gradient) {
    optimizer.zeroGrad();
    model.backward(OneWeight.tensor(1, 12, gradient).reshape(model.weight().sizes()));
    optimizer.step();
    optimizer.verify();
    return TinyNetwork.kept(optimizer.parameters().getFirst().mask());
  }

  /**
   * RigL would drop 0.2 and 0.1 and grow where the gradient is 9 and 8: four salient weights in the
   * first neuron, two in the second, none in the third, which is ablated. Three of the six weights
   * are then for each of the others: 5, 4 and that of gradient 9; 3, 2 and that of gradient −2.
   *
   * <p>Next the two smallest are those just grown. The gradients −7 and 6 make two weights of the
   * third neuron salient: it is active again, and two weights are for each.
   */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aNeuronWithoutSalientWeightsIsAblatedUntilItHasSome(boolean convolution) {
    Tensor values = OneWeight.tensor(3, 4, TWO_EACH);
    var model = new OneWeight(convolution ? values.reshape(3, 1, 2, 2) : values);
    try (var optimizer = wrap(model, 0.5, 0, 1, 4, 5, 8, 9)) {
      assertThat(step(model, optimizer, 0, 0, 9, 8, 0, 0, 1, -2, 0, 0, 1, 1))
          .containsExactly(0L, 1L, 2L, 4L, 5L, 7L);
      assertThat(step(model, optimizer, 0, 0, 1, 1, 0, 0, 1, 1, 0, -7, 6, 0))
          .containsExactly(0L, 1L, 4L, 5L, 9L, 10L);
    }
  }

  /** The same first step, after which each neuron has two weights. */
  @Test
  void aGammaOfZeroAblatesNoNeuron() {
    OneWeight model = OneWeight.of(3, 4, TWO_EACH);
    try (var optimizer = wrap(model, 0, 0, 1, 4, 5, 8, 9)) {
      assertThat(step(model, optimizer, 0, 0, 9, 8, 0, 0, 1, -2, 0, 0, 1, 1))
          .containsExactly(0L, 1L, 4L, 5L, 10L, 11L);
    }
  }

  /**
   * 0.2 and 0.1 go. The first neuron has three of the weights that are left, 3.5 is one too many
   * when the third becomes active; the second has one, 3, and grows where its gradient is 2.
   */
  @Test
  void aNeuronWithMoreThanTheFanInDropsItsSmallest() {
    OneWeight model = OneWeight.of(3, 4, 5, 4, 3.5, 7, 3, 0.2, 7, 0.1, 7, 7, 7, 7);
    try (var optimizer = wrap(model, 0.5, 0, 1, 2, 4, 5, 7)) {
      assertThat(step(model, optimizer, 0, 0, 0, 0, 0, 0, 1, 2, 0, 9, 8, 0))
          .containsExactly(0L, 1L, 4L, 7L, 9L, 10L);
    }
  }

  /**
   * 0.05 and 0.1 would go, so that only the first neuron has the two salient weights that γ_sal = 1
   * asks for. Six weights need two neurons of four inputs: of the others the first stays, and since
   * both weights of the third go with it, 0.05 stays as well.
   */
  @Test
  void asManyNeuronsStayAsHoldTheWeights() {
    OneWeight model = OneWeight.of(3, 4, 5, 4, 7, 7, 3, 0.05, 7, 7, 0.2, 0.1, 7, 7);
    try (var optimizer = wrap(model, 1, 0, 1, 4, 5, 8, 9)) {
      assertThat(step(model, optimizer, 0, 0, 9, 8, 0, 0, 1, 2, 0, 0, 0, 0))
          .containsExactly(0L, 1L, 2L, 4L, 5L, 7L);
    }
  }

  /** Over one backward pass a step, or two. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2})
  void compressedMasksAreThoseOfMaskedExecution(long passes) {
    var masked = new TinyNetwork();
    var compressed = new TinyNetwork();
    try (SparseOptimizer left = wrap(masked, Execution.MASKED);
        SparseOptimizer right = wrap(compressed, Execution.COMPRESSED)) {
      long ablated = 0;
      for (long step = 0; step < 40; step++) {
        step(masked, left, step, passes);
        step(compressed, right, step, passes);
        for (SparseParameter parameter : left.parameters()) {
          Tensor mask = parameter.mask();
          assertThat(mask.equal(right.masks().get(parameter.name()))).as("step %d", step).isTrue();
          ablated += mask.sum(1).eq(new Scalar(0)).sum().item_long();
        }
      }
      assertThat(ablated).isPositive();
    }
  }

  private static SparseOptimizer wrap(TinyNetwork network, Execution execution) {
    return Sparsity.wrap(
        network,
        network.adamW(),
        AlgorithmGroup.of(builder(0.9).sparsity(0.8).update(every(4)).build()),
        SparsityOptions.defaults().execution(execution));
  }

  private static void step(TinyNetwork network, SparseOptimizer optimizer, long step, long passes) {
    optimizer.zeroGrad();
    long count = TinyNetwork.BATCH / passes;
    for (long from = 0; from < TinyNetwork.BATCH; from += count) {
      network.backward(step, from, count);
    }
    optimizer.step();
  }

  @Test
  void weightsInGroupsAreRefused() {
    OneWeight model = OneWeight.of(3, 4, TWO_EACH);
    var algorithm = builder(0.3).shaper(ScoreShaper.inputGroups(2)).build();
    assertThatThrownBy(() -> MaskedTraining.wrap(model, model.sgd(0), algorithm))
        .hasMessage(
            "'weight': srigl makes outputs equal by itself, so weights cannot be in groups or blocks");
  }

  @Test
  void aGammaOutOfRangeIsRefused() {
    assertThatThrownBy(() -> new StructuredRigL.Options(30))
        .hasMessage("gamma_sal must lie in [0, 1], found 30.0");
  }

  /** An algorithm of one's own that chooses all weights. */
  private static final class All extends SparsityAlgorithm {
    All(AlgorithmSettings settings) {
      super(settings);
    }

    @Override
    public Tensor growScore(WeightView weight) {
      return weight.zeros();
    }

    @Override
    public Optional<MaskChoice> maskChoice() {
      return Optional.of(
          (weight, sparsity, ties) -> weight.mask().logical_or(weight.mask().logical_not()));
    }
  }

  @Test
  void aChoiceOfMoreThanTheSparsityKeepsIsAnError() {
    OneWeight model = OneWeight.of(3, 4, TWO_EACH);
    var algorithm =
        new AlgorithmBuilder<>(All::new).sparsity(0.5).dropFraction(0).update(every(1)).build();
    try (var optimizer = MaskedTraining.wrap(model, model.sgd(0), algorithm)) {
      model.backward(new double[12]);
      assertThatThrownBy(optimizer::step)
          .hasMessage("weight: its algorithm chose 12 weights, where its sparsity 0.5 keeps 6");
    }
  }
}
