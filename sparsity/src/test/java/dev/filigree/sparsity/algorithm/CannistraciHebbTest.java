package dev.filigree.sparsity.algorithm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.filigree.mask.RandomScores;
import java.util.Random;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class CannistraciHebbTest {
  private static final long SEED = 11;

  private PointerScope scope;

  @BeforeEach
  void openScope() {
    scope = new PointerScope();
  }

  @AfterEach
  void closeScope() {
    scope.close();
  }

  /**
   * Output 0 has the inputs 0 and 1, output 1 the inputs 1 and 2. From output 0 to input 2 one path
   * leads, over input 1 and output 1. Outputs share one input and have no further one besides
   * themselves: (1 + 1) / (1 + 0); inputs 1 and 2 share one output: (1 + 1) / (1 + 0).
   */
  @Test
  void aMissingLinkCountsTheNodesOnTheWay() {
    Tensor scores = CannistraciHebb.linkScores(mask(new int[][] {{1, 1, 0}, {0, 1, 1}}));
    assertThat(scores.get(0).get(2).item_float()).isEqualTo(4);
    assertThat(scores.get(1).get(0).item_float()).isEqualTo(4);
  }

  @Test
  void whereNoPathLeadsTheScoreIsZero() {
    Tensor scores = CannistraciHebb.linkScores(mask(new int[][] {{1, 0}, {0, 1}, {0, 0}}));
    assertThat(scores.get(0).get(1).item_float()).isZero();
    assertThat(scores.get(2).get(0).item_float()).isZero();
  }

  /** The same by loops over pairs of nodes. */
  @Test
  void theScoresAreThoseOfTheDefinition() {
    System.out.println("seed " + SEED);
    var random = new Random(SEED);
    var links = new int[9][13];
    for (int[] row : links) {
      for (int i = 0; i < row.length; i++) {
        row[i] = random.nextInt(3) == 0 ? 1 : 0;
      }
    }
    Tensor scores = CannistraciHebb.linkScores(mask(links));
    int[][] turned = new int[13][9];
    for (int output = 0; output < 9; output++) {
      for (int input = 0; input < 13; input++) {
        turned[input][output] = links[output][input];
      }
    }
    for (int output = 0; output < 9; output++) {
      for (int input = 0; input < 13; input++) {
        double expected =
            overNeighbours(links, output, input) + overNeighbours(turned, input, output);
        assertThat(scores.get(output).get(input).item_double())
            .isCloseTo(expected, within(1e-4 * Math.max(1, expected)));
      }
    }
  }

  /** Over the nodes on the first node's side that have the link to the second one. */
  private static double overNeighbours(int[][] links, int node, int other) {
    double sum = 0;
    for (int between = 0; between < links.length; between++) {
      if (links[between][other] == 0) {
        continue;
      }
      int shared = 0;
      int degree = 0;
      for (int i = 0; i < links[0].length; i++) {
        shared += links[node][i] * links[between][i];
        degree += links[between][i];
      }
      if (shared > 0) {
        sum += (1.0 + shared) / (1 + Math.max(0, degree - shared - 1));
      }
    }
    return sum;
  }

  /** Of 1 and 3 with the power 1 the second is drawn three times in four. */
  @Test
  void drawsHaveTheProbabilitiesOfTheirLogarithms() {
    int draws = 40_000;
    Tensor uniform = RandomScores.of(SEED, "draws", 0).tensor(new Device("cpu"), draws, 2);
    Tensor logits = Tensor.create(new float[] {0, (float) Math.log(3)}).expand(draws, 2);
    Tensor drawn = CannistraciHebb.drawn(logits, uniform);
    double second =
        drawn.select(1, 1).gt(drawn.select(1, 0)).to(ScalarType.Float).mean().item_double();
    assertThat(second).isCloseTo(0.75, within(0.01));
  }

  @Test
  void aTemperatureIsAboveZero() {
    assertThatThrownBy(() -> new CannistraciHebb.Options(1, 0))
        .hasMessage("a temperature must be above 0, found 0.0");
  }

  private static Tensor mask(int[][] links) {
    var flat = new float[links.length * links[0].length];
    for (int i = 0; i < flat.length; i++) {
      flat[i] = links[i / links[0].length][i % links[0].length];
    }
    return Tensor.create(flat).reshape(links.length, links[0].length).ne(new Scalar(0));
  }
}
