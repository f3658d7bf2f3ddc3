package dev.filigree.sparsity;

import static dev.filigree.schedule.UpdateSchedules.every;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.filigree.nn.Conv2d;
import dev.filigree.nn.Embedding;
import dev.filigree.nn.Layer;
import dev.filigree.optim.SGD;
import dev.filigree.sparsity.algorithm.AlgorithmBuilder;
import dev.filigree.sparsity.algorithm.AlgorithmSettings;
import dev.filigree.sparsity.algorithm.ForwardWeight;
import dev.filigree.sparsity.algorithm.SparsityAlgorithm;
import dev.filigree.sparsity.algorithm.WeightView;
import dev.filigree.torch.Tensors;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What layers multiply with need not be what is stored. */
class ForwardWeightTest {
  private PointerScope scope;

  @BeforeEach
  void openScope() {
    scope = new PointerScope();
  }

  @AfterEach
  void closeScope() {
    scope.close();
  }

  /** The largest |w| at every update, all of them stored. */
  private static final class LargestOfAll extends SparsityAlgorithm {
    private final ForwardWeight forward;

    LargestOfAll(AlgorithmSettings settings, ForwardWeight forward) {
      super(settings);
      this.forward = forward;
    }

    static LargestOfAll of(ForwardWeight forward) {
      return new AlgorithmBuilder<>(settings -> new LargestOfAll(settings, forward))
          .sparsity(0.8)
          .dropFraction(1)
          .update(every(2))
          .build();
    }

    @Override
    public Tensor growScore(WeightView weight) {
      return weight.values().abs();
    }

    @Override
    public ForwardWeight forwardWeight() {
      return forward;
    }
  }

  @Test
  void straightThroughTrainsWeightsThatAreNotThere() {
    var network = new TinyNetwork();
    var algorithm = LargestOfAll.of(ForwardWeight.straightThrough());
    try (SparseOptimizer optimizer = Sparsity.wrap(network, network.adamW(), algorithm)) {
      SparseParameter parameter = optimizer.parameters().getFirst();
      Tensor before = parameter.weight().detach().clone();
      network.train(optimizer, 0, 1);
      Tensor missing = parameter.mask().logical_not();
      Tensor moved = parameter.weight().detach().ne(before).logical_and(missing);
      assertThat(moved.sum().item_long()).isGreaterThan(parameter.size() / 2);
      network.train(optimizer, 1, 20);
      optimizer.verify();
      assertThat(parameter.sparsity()).isEqualTo(0.8);
      // The mask is that of the largest, wherever they were.
      optimizer.zeroGrad();
      Tensor largest = dev.filigree.mask.Masks.topK(parameter.weight().detach().abs(), 0.8);
      assertThat(TinyNetwork.kept(parameter.mask())).isEqualTo(TinyNetwork.kept(largest));
    }
  }

  @Test
  void maskedWeightsGetNoGradientAndKeepTheirValues() {
    var network = new TinyNetwork();
    var algorithm = LargestOfAll.of(ForwardWeight.masked());
    var sgd = new SGD(Tensors.namedParameters(network).values(), SGD.options().lr(0.1));
    try (SparseOptimizer optimizer = Sparsity.wrap(network, sgd, algorithm)) {
      SparseParameter parameter = optimizer.parameters().getFirst();
      Tensor before = parameter.weight().detach().clone();
      network.train(optimizer, 0, 1);
      Tensor missing = parameter.mask().logical_not();
      assertThat(parameter.weight().detach().ne(before).logical_and(missing).any().item_bool())
          .isFalse();
    }
  }

  @Test
  void closingLeavesWhatTheLayersComputed() {
    var network = new TinyNetwork();
    var algorithm = LargestOfAll.of(ForwardWeight.straightThrough());
    SparseOptimizer optimizer = Sparsity.wrap(network, network.adamW(), algorithm);
    network.train(optimizer, 0, 5);
    optimizer.zeroGrad();
    double loss = network.backward(5);
    optimizer.close();
    optimizer.inner().zeroGrad();
    assertThat(network.backward(5)).isEqualTo(loss);
    assertThat(network.firstWeight().count_nonzero().item_long())
        .isEqualTo(TinyNetwork.INPUTS * TinyNetwork.HIDDEN / 5);
  }

  @Test
  void convolutionsAndEmbeddingsHaveTheSameSeam() {
    final class Net extends Layer {
      private final Conv2d convolution = register("c", new Conv2d(2, 3, 3, 1, 1, false));
      private final Embedding table = register("t", new Embedding(5, 4));
    }
    var net = new Net();
    net.convolution.weight().detach().fill_(new Scalar(1));
    net.table.weight().detach().fill_(new Scalar(1));
    var sgd = new SGD(List.of(net.convolution.weight(), net.table.weight()), SGD.options().lr(0.1));
    try (var optimizer =
        Sparsity.wrap(net, sgd, LargestOfAll.of(ForwardWeight.straightThrough()))) {
      assertThat(optimizer.parameters()).hasSize(2);
      Tensor ids = torch.arange(new Scalar(5));
      // Of 54 ones 10 are left, of 20 ones 4.
      Tensor picture = torch.ones(1, 2, 3, 3);
      assertThat(net.table.forward(ids).sum().item_double()).isEqualTo(4);
      assertThat(net.convolution.forward(picture).abs().sum().item_double()).isLessThan(55);
      net.table.forward(ids).sum().backward();
      assertThat(net.table.weight().grad().sum().item_double()).isEqualTo(20);
    }
  }

  @Test
  void aModuleWithoutTheSeamIsRefusedByName() {
    var model = new OneWeight(torch.ones(4, 5));
    assertThatThrownBy(
            () ->
                Sparsity.wrap(
                    model, model.sgd(1), LargestOfAll.of(ForwardWeight.straightThrough())))
        .hasMessageContainingAll("'weight'", "dev.filigree.nn");
  }
}
