package dev.filigree.sparsity;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.filigree.nn.Layer;
import dev.filigree.nn.Linear;
import dev.filigree.optim.SGD;
import dev.filigree.sparsity.algorithm.Evidence;
import dev.filigree.sparsity.algorithm.ForwardWeight;
import dev.filigree.sparsity.algorithm.MaskChoice;
import dev.filigree.sparsity.algorithm.Redistribution;
import dev.filigree.sparsity.algorithm.SparsityAlgorithm;
import dev.filigree.sparsity.algorithm.WeightView;
import dev.filigree.testing.Golden;
import dev.filigree.torch.Tensors;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Short runs against an independent program, golden/algorithms.py: masks exactly. */
class AlgorithmsGoldenTest {
  private static final JsonNode GOLDEN = Golden.resource("algorithms.json");
  private static final List<String> NAMES = List.of("first.weight", "second.weight");

  static Stream<Arguments> runs() {
    return GOLDEN
        .path("runs")
        .propertyStream()
        .map(java.util.Map.Entry::getKey)
        .flatMap(
            name ->
                Stream.of(Execution.MASKED, Execution.COMPRESSED)
                    .filter(
                        execution ->
                            execution == Execution.MASKED
                                || name.startsWith("mest")
                                || List.of("dsr", "srigl").contains(name))
                    .map(execution -> Arguments.of(name, execution)));
  }

  @ParameterizedTest
  @MethodSource("runs")
  void aRunIsThatOfAnIndependentProgram(String name, Execution execution) {
    JsonNode run = GOLDEN.path("runs").path(name);
    try (var _ = new PointerScope()) {
      var network = new TanhNetwork();
      var sgd =
          new SGD(
              network.parameters(),
              SGD.options()
                  .lr(GOLDEN.path("learning_rate").asDouble())
                  .momentum(GOLDEN.path("momentum").asDouble()));
      var replayed = new Replayed(configured(run.path("config")), run.path("steps"));
      try (SparseOptimizer optimizer =
          Sparsity.wrap(
              network,
              sgd,
              AlgorithmGroup.of(replayed),
              SparsityOptions.defaults().execution(execution))) {
        for (int step = 0; step < run.path("steps").size(); step++) {
          JsonNode expected = run.path("steps").get(step);
          optimizer.zeroGrad();
          Tensor loss =
              torch.mse_loss(network.forward(matrix(GOLDEN.path("x"))), matrix(GOLDEN.path("t")));
          assertThat(loss.item_double())
              .as("loss of step %d", step + 1)
              .isCloseTo(expected.path("loss").asDouble(), within(1e-5));
          loss.backward();
          optimizer.step();
          if (expected.has("kept")) {
            assertMasks(expected.path("kept"), optimizer, step + 1);
          }
          optimizer.verify();
        }
        assertClose(optimizer.parameters().getFirst(), run.path("w1"));
        assertClose(optimizer.parameters().getLast(), run.path("w2"));
      }
    }
  }

  private static SparsityAlgorithm configured(JsonNode config) {
    Object block = new ObjectMapper().convertValue(config, Object.class);
    return SparsityConfig.of(block).build().entries().getFirst().algorithm();
  }

  private static void assertMasks(JsonNode kept, SparseOptimizer optimizer, int step) {
    for (int i = 0; i < NAMES.size(); i++) {
      List<Long> expected =
          StreamSupport.stream(kept.get(i).spliterator(), false).map(JsonNode::asLong).toList();
      Tensor mask = requireNonNull(optimizer.masks().get(NAMES.get(i)));
      assertThat(TinyNetwork.kept(mask))
          .as("%s after step %d", NAMES.get(i), step)
          .isEqualTo(expected);
    }
  }

  private static void assertClose(SparseParameter parameter, JsonNode expected) {
    Tensor off = parameter.stored().sub(matrix(expected)).abs().max();
    assertThat(off.item_double()).as(parameter.name()).isLessThan(1e-5);
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

  /** W2 tanh(W1 x). */
  private static final class TanhNetwork extends Layer {
    private final Linear first = register("first", layer(matrix(GOLDEN.path("w1"))));
    private final Linear second = register("second", layer(matrix(GOLDEN.path("w2"))));

    private static Linear layer(Tensor weight) {
      var layer = new Linear(weight.size(1), weight.size(0), false);
      requireNonNull(Tensors.namedParameters(layer).get("weight")).set_data(weight);
      return layer;
    }

    Tensor forward(Tensor x) {
      return second.forward(first.forward(x).tanh());
    }
  }

  /** The algorithm, with the program's random numbers in the place of those that it would draw. */
  private static final class Replayed extends SparsityAlgorithm {
    private final SparsityAlgorithm algorithm;
    private final JsonNode steps;

    Replayed(SparsityAlgorithm algorithm, JsonNode steps) {
      super(algorithm.settings());
      this.algorithm = algorithm;
      this.steps = steps;
    }

    @Override
    public Tensor growScore(WeightView weight) {
      Tensor score = algorithm.growScore(weight);
      if (!score.equal(weight.random())) {
        return score;
      }
      JsonNode random = steps.get((int) weight.step() - 1).path("random");
      return matrix(random.get(NAMES.indexOf(weight.name())));
    }

    @Override
    public double sparsity(long step) {
      return algorithm.sparsity(step);
    }

    @Override
    public double dropFraction(long step) {
      return algorithm.dropFraction(step);
    }

    @Override
    public Evidence evidence() {
      return algorithm.evidence();
    }

    @Override
    public Tensor dropScore(WeightView weight) {
      return algorithm.dropScore(weight);
    }

    @Override
    public Optional<MaskChoice> maskChoice() {
      return algorithm.maskChoice();
    }

    @Override
    public Optional<Redistribution> redistribution() {
      return algorithm.redistribution();
    }

    @Override
    public ForwardWeight forwardWeight() {
      return algorithm.forwardWeight();
    }
  }
}
