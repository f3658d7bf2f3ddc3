package dev.filigree.sparsity;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.filigree.config.ConfigReader;
import dev.filigree.mask.CalibratedMask;
import dev.filigree.mask.Distribution;
import dev.filigree.mask.Grasp;
import dev.filigree.mask.Snip;
import dev.filigree.mask.SynFlow;
import dev.filigree.nn.Layer;
import dev.filigree.nn.Linear;
import dev.filigree.optim.SGD;
import dev.filigree.sparsity.algorithm.Static;
import dev.filigree.testing.Golden;
import dev.filigree.torch.Tensors;
import java.util.List;
import java.util.Map;
import java.util.stream.StreamSupport;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** First masks that are chosen by passes through the network. */
class CalibratedMaskTest {
  private PointerScope scope;

  @BeforeEach
  void openScope() {
    scope = new PointerScope();
  }

  @AfterEach
  void closeScope() {
    scope.close();
  }

  private static Tensor matrix(JsonNode rows) {
    float[] values = new float[rows.size() * rows.get(0).size()];
    int i = 0;
    for (JsonNode row : rows) {
      for (JsonNode value : row) {
        values[i++] = value.floatValue();
      }
    }
    return torch.tensor(values).view(rows.size(), -1);
  }

  private static Linear layer(Tensor weight) {
    var layer = new Linear(weight.size(1), weight.size(0), false);
    requireNonNull(Tensors.namedParameters(layer).get("weight")).set_data(weight);
    return layer;
  }

  /** W2 tanh(W1 x), as in initial_masks.py. */
  private static final class TanhNetwork extends Layer {
    private final Linear first;
    private final Linear second;

    TanhNetwork(JsonNode golden) {
      first = register("first", layer(matrix(golden.path("w1"))));
      second = register("second", layer(matrix(golden.path("w2"))));
    }

    Tensor forward(Tensor x) {
      return second.forward(first.forward(x).tanh());
    }
  }

  @ParameterizedTest
  @CsvSource({
    "snip, uniform, MASKED",
    "snip, global, COMPRESSED",
    "grasp, uniform, COMPRESSED",
    "grasp, global, MASKED",
    "synflow, uniform, MASKED",
    "synflow, global, COMPRESSED",
  })
  void masksAreThoseOfAnIndependentProgram(String name, String spread, Execution execution) {
    JsonNode golden = Golden.resource("initial_masks.json");
    var network = new TanhNetwork(golden);
    Tensor before = network.first.weight().detach().clone();
    CalibratedMask mask =
        switch (name) {
          case "snip" -> new Snip(2);
          case "grasp" -> new Grasp(2);
          default -> new SynFlow(10);
        };
    var algorithm =
        Static.builder()
            .sparsity(0.7)
            .initialMask(mask)
            .distribution(spread.equals("global") ? Distribution.global() : Distribution.uniform());
    try (SparseOptimizer optimizer =
        Sparsity.wrap(
            network,
            new SGD(network.parameters(), SGD.options().lr(0.1)),
            AlgorithmGroup.of(algorithm.build()),
            SparsityOptions.defaults().execution(execution))) {
      assertThat(optimizer.awaitsInitialMasks()).isTrue();
      assertThatThrownBy(optimizer::step).hasMessageContaining("call chooseInitialMasks");
      optimizer.chooseInitialMasks(
          new CalibrationPasses() {
            @Override
            public void loss(int batch) {
              Tensor x = matrix(golden.path("x").get(batch));
              torch.mse_loss(network.forward(x), matrix(golden.path("t").get(batch))).backward();
            }

            @Override
            public void outputs() {
              network.forward(torch.ones(1, 7)).sum().backward();
            }
          });
      assertThat(optimizer.awaitsInitialMasks()).isFalse();
      JsonNode kept = golden.path("kept").path(name + " " + spread);
      for (int i = 0; i < 2; i++) {
        assertThat(TinyNetwork.kept(optimizer.parameters().get(i).mask()))
            .containsExactlyElementsOf(
                StreamSupport.stream(kept.get(i).spliterator(), false)
                    .map(JsonNode::asLong)
                    .toList());
      }
      SparseParameter first = optimizer.parameters().getFirst();
      assertThat(first.dense().eq(before).sum().item_long()).isEqualTo(first.kept());
      optimizer.verify();
    }
  }

  /**
   * By hand, with w = [4, -3, 1, 9] and x = [1, 1, 4, 0]: of the loss (x·w)²/2 the gradient is 5·x,
   * so SNIP's score is [20, 15, 20, 0]; H·g is x·(x·x)·5, so GraSP's is in proportion to w·x, [4,
   * -3, 4, 0]; the flow of a single layer is |w|.
   */
  @Test
  void theScoresOfOneLayer() {
    assertThat(kept(new Snip(1))).containsExactly(0L, 1L, 2L);
    assertThat(kept(new Grasp(1))).containsExactly(0L, 2L, 3L);
    assertThat(kept(new SynFlow(5))).containsExactly(0L, 1L, 3L);
  }

  private static List<Long> kept(CalibratedMask mask) {
    Linear layer = layer(torch.tensor(4f, -3f, 1f, 9f).view(1, 4));
    var algorithm = Static.builder().sparsity(0.25).initialMask(mask).build();
    try (SparseOptimizer optimizer = wrap(layer, algorithm)) {
      optimizer.chooseInitialMasks(
          new CalibrationPasses() {
            @Override
            public void loss(int batch) {
              Tensor x = torch.tensor(1f, 1f, 4f, 0f).view(1, 4);
              Tensor y = layer.forward(x);
              y.mul(y).sum().backward();
            }

            @Override
            public void outputs() {
              layer.forward(torch.ones(1, 4)).sum().backward();
            }
          });
      return TinyNetwork.kept(optimizer.parameters().getFirst().mask());
    }
  }

  private static SparseOptimizer wrap(Linear layer, Static algorithm) {
    return Sparsity.wrap(layer, new SGD(List.of(layer.weight()), SGD.options().lr(0.1)), algorithm);
  }

  @Test
  void whatCannotBeChosenIsSaidInOneLineAndNothingHasChanged() {
    Linear layer = layer(torch.tensor(4f, -3f, 1f, 9f).view(1, 4));
    var algorithm = Static.builder().sparsity(0.25).initialMask(new Snip(1)).build();
    try (SparseOptimizer optimizer = wrap(layer, algorithm)) {
      assertThatThrownBy(() -> optimizer.chooseInitialMasks(batch -> {}))
          .hasMessageContaining("weight: no gradient reached it");
      assertThatThrownBy(
              () ->
                  optimizer.chooseInitialMasks(
                      batch ->
                          layer.forward(torch.ones(1, 4).div(new Scalar(0.0))).sum().backward()))
          .hasMessage("weight: a score of Snip[batches=1] is infinite or NaN");
      assertThat(optimizer.awaitsInitialMasks()).isTrue();
      optimizer.loadMasks(
          Map.of("weight", torch.tensor(1f, 0f, 1f, 1f).view(1, 4).to(ScalarType.Bool)));
      assertThat(optimizer.awaitsInitialMasks()).isFalse();
    }
    var needsOutputs = Static.builder().sparsity(0.25).initialMask(new SynFlow(1)).build();
    Linear other = layer(torch.tensor(4f, -3f, 1f, 9f).view(1, 4));
    try (SparseOptimizer optimizer = wrap(other, needsOutputs)) {
      assertThatThrownBy(() -> optimizer.chooseInitialMasks(batch -> {}))
          .hasMessageContaining("override CalibrationPasses.outputs()");
      assertThat(other.weight().detach().select(1, 1).item_double()).isEqualTo(-3);
    }
  }

  @Test
  void configurationNamesThemWithOptions() {
    assertThat(initialMask("snip")).isEqualTo(new Snip(1));
    assertThat(initialMask("synflow")).isEqualTo(new SynFlow(100));
    assertThat(initialMask("{type: grasp, batches: 4}")).isEqualTo(new Grasp(4));
    assertThatThrownBy(() -> initialMask("{type: snip, batches: 0}"))
        .hasMessageContaining("batches must be at least 1, found 0");
    assertThatThrownBy(() -> initialMask("{type: snip, bathces: 2}"))
        .hasMessageContaining("bathces");
    assertThatThrownBy(() -> initialMask("{type: snap}"))
        .hasMessageContaining("allowed: checkerboard, from_zeros, grasp, random, snip, synflow");
  }

  private static Object initialMask(String yaml) {
    String block = "{sparsity: 0.8, init_method: " + yaml + "}";
    AlgorithmGroup group = SparsityConfig.read(ConfigReader.parse(block, "test")).build();
    return group.entries().getFirst().algorithm().settings().initialMask();
  }
}
