package dev.filigree.sparsity;

import static dev.filigree.schedule.UpdateSchedules.every;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.filigree.nn.Linear;
import dev.filigree.optim.AdamW;
import dev.filigree.sparsity.algorithm.Evidence;
import dev.filigree.sparsity.algorithm.RigL;
import dev.filigree.sparsity.algorithm.SparsityAlgorithm;
import dev.filigree.sparsity.algorithm.WeightView;
import dev.filigree.torch.Tensors;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.function.Function;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorArrayRefOptional;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A layer that is stored compressed accepts, gives and refuses what the layer itself does. */
class CompressedLayerTest {
  private static final int IN = 20;
  private static final int OUT = 12;

  private PointerScope scope;
  private Linear layer;

  @BeforeEach
  void makeLayer() {
    scope = new PointerScope();
    layer = new Linear(IN, OUT, true);
    layer.weight().set_data(torch.randn(OUT, IN));
  }

  @AfterEach
  void closeScope() {
    scope.close();
  }

  @Test
  void anEmptyBatchGivesAnEmptyOutputAndGradientsOfZero() {
    try (SparseOptimizer optimizer = wrap(Execution.COMPRESSED)) {
      Tensor x = torch.empty(0, 3, IN).set_requires_grad(true);
      Tensor y = layer.forward(x);
      assertThat(Tensors.shape(y)).containsExactly(0, 3, OUT);
      y.sum().backward();
      assertThat(Tensors.shape(x.grad())).containsExactly(0, 3, IN);
      SparseParameter weight = optimizer.parameters().getFirst();
      assertThat(weight.weight().grad().numel()).isEqualTo(weight.kept());
      assertThat(weight.weight().grad().count_nonzero().item_long()).isZero();
    }
  }

  @Test
  void oneInputWithoutABatchGivesOneOutput() {
    try (SparseOptimizer optimizer = wrap(Execution.COMPRESSED)) {
      Tensor x = torch.randn(IN);
      Tensor expected = torch.mv(optimizer.parameters().getFirst().dense(), x).add(layer.bias());
      assertThat(torch.allclose(layer.forward(x), expected, 1e-4, 1e-5, false)).isTrue();
    }
  }

  @Test
  void anInputWhoseMemoryIsWrittenAgainIsReadAgain() {
    try (SparseOptimizer optimizer = wrap(Execution.COMPRESSED)) {
      Tensor x = torch.randn(3, IN);
      layer.forward(x);
      Tensors.segment(x).setAtIndex(ValueLayout.JAVA_FLOAT, 0, 50); // libtorch does not know
      Tensor weight = optimizer.parameters().getFirst().dense();
      Tensor expected = x.mm(weight.t()).add(layer.bias());
      assertThat(torch.allclose(layer.forward(x), expected, 1e-4, 1e-4, false)).isTrue();
    }
  }

  @Test
  void inputsOfAnotherWidthAreRefusedByTheLayersName() {
    try (SparseOptimizer _ = wrap(Execution.COMPRESSED)) {
      assertThatThrownBy(() -> layer.forward(torch.randn(4, IN - 1)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage(
              "the input of 'weight' is [4, 19]; its last dimension must be the layer's 20 inputs");
      // As many numbers as whole rows would have, but no rows.
      assertThatThrownBy(() -> layer.forward(torch.randn(IN, 2)))
          .hasMessageStartingWith("the input of 'weight' is [20, 2]");
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = Execution.class,
      names = {"MASKED", "COMPRESSED"})
  void inputsOfAnotherTypeAreRefused(Execution execution) {
    try (SparseOptimizer _ = wrap(execution)) {
      for (ScalarType type : List.of(ScalarType.Double, ScalarType.BFloat16, ScalarType.Long)) {
        assertThatThrownBy(() -> layer.forward(torch.ones(4, IN).to(type)))
            .as("%s", type)
            .isInstanceOf(RuntimeException.class);
      }
    }
    try (SparseOptimizer _ = wrap(Execution.COMPRESSED)) {
      assertThatThrownBy(() -> layer.forward(torch.ones(4, IN).to(ScalarType.Double)))
          .hasMessage(
              "the input of 'weight' is Double on cpu; it is stored compressed and multiplies Float"
                  + " on cpu");
    }
  }

  @Test
  void aModelConvertedAfterItWasWrappedSaysSo() {
    SparseOptimizer optimizer = wrap(Execution.COMPRESSED);
    Tensor x = torch.randn(4, IN);
    layer.to(ScalarType.Double, false);
    String message =
        "'weight' is stored compressed, as 48 Float values on cpu, and was made Double[48] on"
            + " cpu: move or convert a model before Sparsity.wrap, or train it masked";
    assertThatThrownBy(() -> layer.forward(x)).hasMessage(message);
    assertThatThrownBy(() -> optimizer.parameters().getFirst().dense()).hasMessage(message);
    layer.to(ScalarType.Float, false);
    assertThat(layer.forward(x).isfinite().all().item_bool()).isTrue();
    optimizer.close();
  }

  @ParameterizedTest
  @EnumSource(
      value = Execution.class,
      names = {"MASKED", "COMPRESSED"})
  void scoresOfAnotherShapeOrTypeAreRefusedByTheParametersName(Execution execution) {
    refuse(execution, new Scores(WeightView::values, w -> w.gradient().sum()), "grow", "Float[]");
    refuse(
        execution,
        new Scores(WeightView::values, w -> w.gradient().flatten()),
        "grow",
        "Float[240]");
    refuse(
        execution,
        new Scores(WeightView::values, w -> w.gradient().gt(new Scalar(0))),
        "grow",
        "Bool[12, 20]");
    refuse(execution, new Scores(w -> w.values().sum(), WeightView::gradient), "drop", "Float[]");
  }

  private void refuse(Execution execution, SparsityAlgorithm scores, String which, String found) {
    try (SparseOptimizer optimizer = wrap(scores, execution)) {
      assertThatThrownBy(() -> train(optimizer, 2))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageStartingWith("the " + which + " score of 'weight' is " + found + "; it must");
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = Execution.class,
      names = {"MASKED", "COMPRESSED"})
  void whatAScoreThrowsComesOutOfTheStepAsItIs(Execution execution) {
    var thrown = new IllegalStateException("no score today", new RuntimeException("the cause"));
    var broken =
        new Scores(
            WeightView::values,
            w -> {
              throw thrown;
            });
    try (SparseOptimizer optimizer = wrap(broken, execution)) {
      assertThatThrownBy(() -> train(optimizer, 2)).isSameAs(thrown);
      assertThat(optimizer.parameters().getFirst().kept()).isEqualTo(48);
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = Execution.class,
      names = {"MASKED", "COMPRESSED"})
  void aRetainedGraphRunsBackwardTwiceToTwiceTheGradient(Execution execution) {
    try (SparseOptimizer optimizer = wrap(execution)) {
      Tensor x = torch.randn(4, IN).set_requires_grad(true);
      Tensor loss = layer.forward(x).pow(new Scalar(2)).sum();
      loss.backward(new Tensor(), new BoolOptional(true), false, new TensorArrayRefOptional());
      Tensor weight = optimizer.parameters().getFirst().weight();
      Tensor once = weight.grad().clone();
      Tensor onceOfInput = x.grad().clone();
      loss.backward();
      assertThat(torch.allclose(weight.grad(), once.mul(new Scalar(2)))).isTrue();
      assertThat(torch.allclose(x.grad(), onceOfInput.mul(new Scalar(2)))).isTrue();
    }
  }

  @Test
  void aSecondBackwardPassOverAGraphThatIsNotRetainedSaysSo() {
    try (SparseOptimizer _ = wrap(Execution.COMPRESSED)) {
      Tensor loss = layer.forward(torch.randn(4, IN)).sum();
      loss.backward();
      assertThatThrownBy(loss::backward)
          .hasMessageContaining("a second backward pass over one graph");
    }
  }

  @Test
  void aBackwardPassFromBeforeAStepSaysSo() {
    try (SparseOptimizer optimizer = wrap(Execution.COMPRESSED)) {
      Tensor loss = layer.forward(torch.randn(4, IN)).sum();
      loss.backward(new Tensor(), new BoolOptional(true), false, new TensorArrayRefOptional());
      optimizer.step();
      assertThatThrownBy(loss::backward)
          .hasMessageContaining("'weight' has made a step since the forward pass");
    }
  }

  private void train(SparseOptimizer optimizer, int steps) {
    for (int step = 0; step < steps; step++) {
      optimizer.zeroGrad();
      layer.forward(torch.randn(4, IN)).pow(new Scalar(2)).sum().backward();
      optimizer.step();
    }
  }

  private SparseOptimizer wrap(Execution execution) {
    return wrap(new Scores(w -> w.values().abs(), w -> w.gradient().abs()), execution);
  }

  private SparseOptimizer wrap(SparsityAlgorithm algorithm, Execution execution) {
    return Sparsity.wrap(
        layer,
        new AdamW(Tensors.namedParameters(layer).values(), AdamW.options().lr(0.01)),
        AlgorithmGroup.of(algorithm),
        SparsityOptions.defaults().execution(execution));
  }

  /** An algorithm of a user's own. */
  private static final class Scores extends SparsityAlgorithm {
    private final Function<WeightView, Tensor> drop;
    private final Function<WeightView, Tensor> grow;

    Scores(Function<WeightView, Tensor> drop, Function<WeightView, Tensor> grow) {
      super(RigL.builder().sparsity(0.8).dropFraction(0.3).update(every(2)).build().settings());
      this.drop = drop;
      this.grow = grow;
    }

    @Override
    public Evidence evidence() {
      return Evidence.gradient();
    }

    @Override
    public Tensor dropScore(WeightView weight) {
      return drop.apply(weight);
    }

    @Override
    public Tensor growScore(WeightView weight) {
      return grow.apply(weight);
    }
  }
}
