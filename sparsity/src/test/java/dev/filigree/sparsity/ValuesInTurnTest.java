package dev.filigree.sparsity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.filigree.mask.Distribution;
import dev.filigree.mask.RandomScores;
import dev.filigree.nn.Allocation;
import dev.filigree.nn.Layer;
import dev.filigree.nn.Linear;
import dev.filigree.optim.AdamW;
import dev.filigree.sparsity.algorithm.SparsityAlgorithm;
import dev.filigree.sparsity.algorithm.Static;
import dev.filigree.torch.Tensors;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.LongStream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A model of shapes only, whose parameters get their values one by one. */
class ValuesInTurnTest {
  private static final int LAYERS = 5;
  private static final long SIDE = 64;
  private static final long DENSE = 4 * SIDE * SIDE;

  private PointerScope scope;

  @BeforeEach
  void open() {
    scope = new PointerScope();
  }

  @AfterEach
  void close() {
    scope.close();
  }

  private static final class Net extends Layer {
    Net() {
      for (int i = 0; i < LAYERS; i++) {
        register("layer" + i, Linear.zeros(SIDE, SIDE, false));
      }
    }
  }

  private static Net shapes() {
    return Allocation.unfilled(new Device("cpu"), Net::new);
  }

  private static void give(Map<String, Tensor> parameters, String name) {
    Tensor parameter = Objects.requireNonNull(parameters.get(name), name);
    parameter.set_data(RandomScores.of(3, name, 0).tensor(parameter.device(), SIDE, SIDE));
  }

  private static long bytes(Tensor tensor) {
    return tensor.storage().nbytes();
  }

  private static SparseOptimizer wrap(
      Net net, SparsityAlgorithm algorithm, SparsityOptions options) {
    var adam = new AdamW(Tensors.namedParameters(net).values(), AdamW.options());
    return Sparsity.wrap(net, adam, AlgorithmGroup.of(algorithm), options);
  }

  @Test
  void atMostOneDenseWeightExistsWhileACompressedModelIsMade() {
    Net net = shapes();
    Map<String, Tensor> parameters = Tensors.namedParameters(net);
    assertThat(parameters.values())
        .allSatisfy(parameter -> assertThat(bytes(parameter)).isEqualTo(Float.BYTES));
    var order = new ArrayList<String>();
    var dense = new ArrayList<Long>();
    SparsityOptions options =
        SparsityOptions.defaults()
            .execution(Execution.COMPRESSED)
            .values(
                name -> {
                  order.add(name);
                  dense.add(
                      parameters.values().stream().filter(each -> bytes(each) == DENSE).count());
                  give(parameters, name);
                });
    try (SparseOptimizer sparse = wrap(net, Static.builder().sparsity(0.9).build(), options)) {
      assertThat(order).containsExactlyElementsOf(parameters.keySet());
      assertThat(dense).containsOnly(0L);
      assertThat(
              LongStream.of(
                  parameters.values().stream().mapToLong(ValuesInTurnTest::bytes).toArray()))
          .allMatch(bytes -> bytes <= DENSE / 9);
      sparse.verify();
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = Execution.class,
      names = {"MASKED", "COMPRESSED"})
  void weightsAndMasksAreThoseOfAModelThatIsWholeFirst(Execution execution) {
    for (SparsityAlgorithm algorithm :
        List.of(
            Static.builder().sparsity(0.9).build(),
            Static.builder().sparsity(0.9).distribution(Distribution.global()).build())) {
      var whole = new Net();
      Map<String, Tensor> parameters = Tensors.namedParameters(whole);
      parameters.keySet().forEach(name -> give(parameters, name));
      Net inTurn = shapes();
      Map<String, Tensor> later = Tensors.namedParameters(inTurn);
      SparsityOptions options = SparsityOptions.defaults().execution(execution).seed(4);
      try (SparseOptimizer first = wrap(whole, algorithm, options);
          SparseOptimizer second =
              wrap(inTurn, algorithm, options.values(name -> give(later, name)))) {
        Map<String, Tensor> expected = first.denseState(whole);
        Map<String, Tensor> found = second.denseState(inTurn);
        expected.forEach(
            (name, tensor) -> assertThat(tensor.equal(found.get(name))).as(name).isTrue());
        assertThat(second.sparsity()).isEqualTo(first.sparsity());
      }
    }
  }

  @Test
  void whoeverWritesIntoATensorWithoutMemoryFails() {
    Tensor weight = Tensors.namedParameters(shapes()).values().iterator().next();
    assertThatThrownBy(() -> Tensors.inScope(() -> weight.add_(new Scalar(1))))
        .hasMessageContaining("single memory location");
  }
}
