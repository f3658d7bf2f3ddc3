package dev.filigree.sparsity.oneshot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import dev.filigree.testing.Golden;
import dev.filigree.torch.Tensors;
import java.util.stream.StreamSupport;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class OneShotTest {
  private static final PruningTarget HALF = PruningTarget.of(0.5);
  private static final PruningTarget TWO_OF_FOUR =
      PruningTarget.of(PruningTarget.Pattern.of("2:4"));

  private static Tensor matrix(int rows, double... values) {
    return Tensors.float64(values).reshape(rows, -1).to(ScalarType.Float);
  }

  private static LayerInputs inputs(Tensor x) {
    var inputs = new LayerInputs();
    inputs.add(x);
    return inputs;
  }

  private static double[] values(Tensor tensor) {
    Tensor flat = tensor.to(ScalarType.Double).flatten();
    var values = new double[(int) flat.numel()];
    for (int i = 0; i < values.length; i++) {
      values[i] = flat.select(0, i).item_double();
    }
    return values;
  }

  private static void assertValues(PrunedWeight pruned, double... expected) {
    assertThat(values(pruned.weight())).containsExactly(expected, within(1e-5));
    assertThat(values(pruned.mask())).containsExactly(nonZeros(expected));
  }

  private static double[] nonZeros(double... values) {
    return java.util.Arrays.stream(values).map(v -> v == 0 ? 0 : 1).toArray();
  }

  @Test
  void magnitudeKeepsTheLargestOfTheWholeLayer() {
    Tensor w = matrix(2, 1, -2, 3, 4, /**/ -5, 6, 7, 0.5);
    assertValues(
        new MagnitudePruning().prune("w", w, new LayerInputs(), HALF), 0, 0, 0, 4, -5, 6, 7, 0);
    assertValues(
        new MagnitudePruning().prune("w", w, new LayerInputs(), TWO_OF_FOUR),
        0,
        0,
        3,
        4,
        0,
        6,
        7,
        0);
  }

  /** Norms of the inputs: 5, 1, 2, 0. */
  @Test
  void wandaWeighsEachWeightWithTheNormOfItsInputAndPrunesEachOutputByItself() {
    LayerInputs x = inputs(matrix(2, 3, 1, 0, 0, /**/ -4, 0, 2, 0));
    Tensor w = matrix(2, 1, -2, 3, 100, /**/ 0.1, 0.4, 0.2, 9);
    // |w|·norm: 5, 2, 6, 0 and 0.5, 0.4, 0.4, 0; of equals the first counts
    assertValues(new Wanda().prune("w", w, x, HALF), 1, 0, 3, 0, 0.1, 0.4, 0, 0);
    assertValues(new Wanda().prune("w", w, x, PruningTarget.of(0.75)), 0, 0, 3, 0, 0.1, 0, 0, 0);
  }

  /**
   * H = XᵀX = [[2, 1], [1, 2]]. Both inputs alike but for 1/√2: the inverse is [[2, −1], [−1, 2]] /
   * 3 and that of input 1 alone 1/2. Scores of w = (1, 1.1): 1 / (2/3) = 1.5 and 1.21 / (1/2) =
   * 2.42, so the first weight goes; the second gets w₀ · H₀₁ / H₁₁ = 1/2.
   */
  @Test
  void sparseGptLetsTheWeightsToComeMakeUpForOneThatGoes() {
    LayerInputs x = inputs(matrix(3, 1, 1, /**/ 1, 0, /**/ 0, 1));
    PrunedWeight pruned = new SparseGpt(2, 0).prune("w", matrix(1, 1, 1.1), x, HALF);
    assertValues(pruned, 0, 1.6);
    // the least squared error that the second weight alone can reach
    assertThat(x.outputError(matrix(1, 1, 1.1), pruned.weight()))
        .isCloseTo(Math.sqrt(1.5 / (2 + 2.2 + 2.42)), within(1e-6));
  }

  @Test
  void anInputThatWasNeverSeenIsPrunedFirst() {
    LayerInputs x = inputs(matrix(2, 1, 0, 2, 1, /**/ 2, 0, 1, -1));
    PrunedWeight pruned = new SparseGpt().prune("w", matrix(1, 1, 50, 1, 1), x, TWO_OF_FOUR);
    assertThat(values(pruned.weight())[1]).isZero();
    assertThat(values(pruned.mask())[1]).isZero();
  }

  @ParameterizedTest
  @ValueSource(strings = {"wanda", "wanda_2_4", "sparsegpt", "sparsegpt_2_4"})
  void weightsAndErrorsAreThoseOfAProgramWrittenFromThePapersInPython(String name) {
    JsonNode golden = Golden.resource("one_shot.json");
    JsonNode expected = golden.path("results").path(name);
    Tensor w = rows(golden.path("weight"));
    LayerInputs x = new LayerInputs();
    Tensor tokens = rows(golden.path("inputs"));
    x.add(tokens.narrow(0, 0, 20)); // in several batches, of any shape
    x.add(tokens.narrow(0, 20, 28).reshape(2, 14, 16));
    OneShotAlgorithm algorithm =
        name.startsWith("wanda")
            ? new Wanda()
            : new SparseGpt(golden.path("block").asLong(), golden.path("damping").asDouble());
    PrunedWeight pruned = algorithm.prune("w", w, x, name.endsWith("2_4") ? TWO_OF_FOUR : HALF);
    Tensor weight = rows(expected.path("weight"));
    assertThat(pruned.mask().equal(weight.ne(new Scalar(0.0)))).isTrue();
    assertThat(values(pruned.weight())).containsExactly(values(weight), within(1e-3));
    assertThat(x.outputError(w, pruned.weight()))
        .isCloseTo(expected.path("error").asDouble(), within(1e-4));
  }

  private static Tensor rows(JsonNode rows) {
    return matrix(
        rows.size(),
        StreamSupport.stream(rows.spliterator(), false)
            .flatMap(row -> StreamSupport.stream(row.spliterator(), false))
            .mapToDouble(JsonNode::asDouble)
            .toArray());
  }

  @ParameterizedTest
  @CsvSource({"0.5, ''", "0.8, ''", "0.5, 2:4", "0.75, 1:4"})
  void onCorrelatedInputsTheOutputsStayCloserTheMoreIsKnownOfTheInputs(
      double sparsity, String pattern) {
    torch.manual_seed(3);
    // 64 inputs of which some are loud, and all are mixtures of 20 sources and a little noise
    Tensor sources = torch.randn(500, 20);
    Tensor x =
        sources
            .matmul(torch.randn(20, 64))
            .add(torch.randn(500, 64).mul(new Scalar(0.3)))
            .mul(torch.randn(64).exp());
    Tensor w = torch.randn(40, 64);
    PruningTarget target =
        pattern.isEmpty()
            ? PruningTarget.of(sparsity)
            : PruningTarget.of(PruningTarget.Pattern.of(pattern));
    LayerInputs inputs = inputs(x);
    double magnitude = error(new MagnitudePruning(), w, inputs, target);
    double wanda = error(new Wanda(), w, inputs, target);
    double sparseGpt = error(new SparseGpt(16, 0.01), w, inputs, target);
    assertThat(wanda).isLessThan(0.9 * magnitude);
    assertThat(sparseGpt).isLessThan(0.9 * wanda);
  }

  private static double error(
      OneShotAlgorithm algorithm, Tensor w, LayerInputs inputs, PruningTarget target) {
    PrunedWeight pruned = algorithm.prune("w", w, inputs, target);
    long kept = pruned.mask().sum().item_long();
    long most = (long) ((1 - target.sparsity()) * w.numel() + 1e-9);
    assertThat(kept).isBetween(most - w.size(0), most); // Wanda counts each output by itself
    assertThat(pruned.weight().ne(new Scalar(0.0)).equal(pruned.mask())).isTrue();
    return inputs.outputError(w, pruned.weight());
  }

  /** 10 outputs of 7 inputs in blocks of 3: floor(0.37 · 70) = 25 weights stay, not fewer. */
  @Test
  void blocksOfSparseGptKeepTogetherWhatTheSparsityAsksFor() {
    torch.manual_seed(1);
    LayerInputs x = inputs(torch.randn(30, 7));
    PrunedWeight pruned =
        new SparseGpt(3, 0.01).prune("w", torch.randn(10, 7), x, PruningTarget.of(0.63));
    assertThat(pruned.mask().sum().item_long()).isEqualTo(25);
  }

  @Test
  void whatCannotBePrunedIsRefusedByName() {
    LayerInputs x = inputs(torch.ones(3, 6));
    Tensor w = torch.ones(2, 6);
    for (String name : OneShotAlgorithms.names()) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> OneShotAlgorithms.get(name).prune("h.0.weight", w, x, TWO_OF_FOUR))
          .withMessageContaining("h.0.weight")
          .withMessageContaining("groups of 4");
    }
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new SparseGpt(128, 0).prune("h.0.weight", w, x, HALF))
        .withMessageContaining("h.0.weight")
        .withMessageContaining("damping above 0");
    assertThatIllegalStateException()
        .isThrownBy(() -> new Wanda().prune("w", w, new LayerInputs(), HALF))
        .withMessageContaining("no inputs");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> OneShotAlgorithms.get("obs"))
        .withMessageContaining("allowed: magnitude, sparsegpt, wanda");
    assertThatIllegalArgumentException().isThrownBy(() -> PruningTarget.of(1));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> PruningTarget.Pattern.of("2/4"))
        .withMessageContaining("2:4");
  }
}
