package dev.filigree.sparsity;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.filigree.nn.Linear;
import dev.filigree.optim.SGD;
import dev.filigree.sparsity.algorithm.AlgorithmBuilder;
import dev.filigree.sparsity.algorithm.AlgorithmSettings;
import dev.filigree.sparsity.algorithm.Evidence;
import dev.filigree.sparsity.algorithm.SparsityAlgorithm;
import dev.filigree.sparsity.algorithm.WeightView;
import dev.filigree.torch.Tensors;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Masks chosen by batches on which no step is made. */
class CalibrationTest {
  private PointerScope scope;

  @BeforeEach
  void openScope() {
    scope = new PointerScope();
  }

  @AfterEach
  void closeScope() {
    scope.close();
  }

  /** SNIP: prune where |w·g| is smallest. Lee et al., ICLR 2019, equation 6. */
  private static final class Snip extends SparsityAlgorithm {
    private final Evidence evidence;

    Snip(AlgorithmSettings settings, Evidence evidence) {
      super(settings);
      this.evidence = evidence;
    }

    static Snip of(Evidence evidence) {
      return new AlgorithmBuilder<>(settings -> new Snip(settings, evidence))
          .sparsity(0.5)
          .dropFraction(0)
          .update(step -> false)
          .build();
    }

    @Override
    public boolean startsDense() {
      return true;
    }

    @Override
    public Evidence evidence() {
      return evidence;
    }

    @Override
    public Tensor dropScore(WeightView weight) {
      return weight.values().mul(weight.gradient()).abs();
    }

    @Override
    public Tensor growScore(WeightView weight) {
      return weight.zeros();
    }
  }

  /** By hand: the gradient of sum(x·w) is the mean input, [1, 1, 4, 0]; |w·g| is [4, 3, 4, 0]. */
  @Test
  void theGradientIsTheMeanOverTheBatches() {
    for (Evidence evidence : List.of(Evidence.gradient(), Evidence.gradient(3))) {
      Linear layer = layer(4, -3, 1, 9);
      var inputs = List.of(torch.tensor(2f, 0f, 3f, 0f), torch.tensor(0f, 2f, 5f, 0f)).iterator();
      try (SparseOptimizer optimizer = wrap(layer, Snip.of(evidence))) {
        optimizer.calibrate(2, () -> layer.forward(inputs.next().view(1, 4)).sum().backward());
        assertThat(TinyNetwork.kept(optimizer.parameters().getFirst().mask()))
            .containsExactly(0L, 2L);
        assertThat(layer.weight().grad().defined()).isFalse();
        assertThat(optimizer.stepCount()).isZero();
        optimizer.verify();
      }
    }
  }

  @Test
  void compressedAndMaskedParametersGetTheSameMasks() {
    var masks = new ArrayList<List<Long>>();
    for (Execution execution : List.of(Execution.MASKED, Execution.COMPRESSED)) {
      var network = new TinyNetwork();
      var batch = new AtomicInteger();
      try (SparseOptimizer optimizer =
          Sparsity.wrap(
              network,
              network.adamW(),
              AlgorithmGroup.of(Snip.of(Evidence.gradient())),
              SparsityOptions.defaults().execution(execution))) {
        Tensor before = network.firstWeight().detach().clone();
        optimizer.calibrate(3, () -> network.backward(batch.getAndIncrement()));
        assertThat(batch).hasValue(3);
        SparseParameter first = optimizer.parameters().getFirst();
        assertThat(first.dense().eq(before).sum().item_long()).isEqualTo(first.kept());
        masks.add(TinyNetwork.kept(first.mask()));
        network.train(optimizer, 3, 6);
        assertThat(TinyNetwork.kept(first.mask())).isEqualTo(masks.getLast());
        optimizer.verify();
      }
    }
    assertThat(masks.getFirst()).isEqualTo(masks.getLast());
  }

  @Test
  void aPassThatThrowsLeavesEverythingAsItWas() {
    Linear layer = layer(4, -3, 1, 9);
    try (SparseOptimizer optimizer = wrap(layer, Snip.of(Evidence.gradient()))) {
      assertThatThrownBy(
              () ->
                  optimizer.calibrate(
                      2,
                      () -> {
                        layer.forward(torch.ones(1, 4)).sum().backward();
                        throw new IllegalStateException("no more data");
                      }))
          .hasMessage("no more data");
      assertThat(layer.weight().grad().defined()).isFalse();
      assertThat(optimizer.sparsity()).isZero();
      assertThatThrownBy(() -> optimizer.calibrate(0, () -> {}))
          .hasMessageContaining("at least 1 batch");
    }
  }

  private static Linear layer(float... weights) {
    var layer = new Linear(weights.length, 1, false);
    requireNonNull(Tensors.namedParameters(layer).get("weight"))
        .set_data(torch.tensor(weights).view(1, weights.length));
    return layer;
  }

  private static SparseOptimizer wrap(Linear layer, SparsityAlgorithm algorithm) {
    return Sparsity.wrap(layer, new SGD(List.of(layer.weight()), SGD.options().lr(0.1)), algorithm);
  }
}
