package dev.filigree.mask;

import static dev.filigree.mask.MaskTesting.floats;
import static dev.filigree.mask.MaskTesting.kept;
import static dev.filigree.mask.MaskTesting.longs;
import static dev.filigree.mask.MaskTesting.scores;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import dev.filigree.mask.ScoreShaper.Pool;
import dev.filigree.testing.Golden;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;

/** Layer sparsities and structured masks are those of JaxPruner. */
class JaxPrunerGoldenTest {
  @Test
  void layerSparsitiesEqualJaxPruners() {
    int compared = 0;
    for (JsonNode row : Golden.open("jaxpruner.json.gz").get("erk")) {
      var distribution =
          row.get("method").asText().equals("er") ? Distribution.er() : Distribution.erk();
      var parameters = new ArrayList<Distribution.Parameter>();
      row.get("shapes")
          .properties()
          .forEach(
              entry ->
                  parameters.add(
                      Distribution.Parameter.of(
                          entry.getKey(), torchShape(longs(entry.getValue())))));
      double[] spread = distribution.spread(row.get("sparsity").asDouble(), parameters);
      for (int i = 0; i < spread.length; i++) {
        String name = parameters.get(i).name();
        assertThat(spread[i])
            .as("%s %s of %s", row.get("method"), name, row.get("net"))
            .isCloseTo(row.get("layer_sparsity").get(name).asDouble(), within(1e-6));
        compared++;
      }
    }
    assertThat(compared).isGreaterThan(50);
  }

  @Test
  void structuredMasksEqualJaxPruners() {
    JsonNode rows = Golden.open("jaxpruner.json.gz").get("masks");
    for (JsonNode row : rows) {
      try (var _ = new PointerScope()) {
        long[] shape = longs(row.get("shape"));
        Tensor scores = scores(shape, floats(row.get("score")));
        // N:M needs no sparsity of its own: at 1 it keeps exactly N.
        double sparsity = row.path("sparsity").asDouble(1);
        SelectionGroups grouping = shaper(row).group("weight", shape);
        Tensor mask = Masks.topK(scores, sparsity, grouping, TieBreak.lowerIndex());
        assertThat(kept(mask)).as("%s", row).containsExactly(longs(row.get("kept")));
      }
    }
    assertThat(rows).hasSizeGreaterThan(10);
  }

  private static ScoreShaper shaper(JsonNode row) {
    String type = row.get("type").asText();
    if (type.contains(":")) {
      String[] parts = type.split(":", -1);
      return ScoreShaper.nOfM(Long.parseLong(parts[0]), Long.parseLong(parts[1]));
    }
    if (type.equals("block")) {
      JsonNode block = row.get("block_shape");
      return ScoreShaper.blocks(block.get(0).asLong(), block.get(1).asLong(), Pool.MEAN);
    }
    return row.get("axis").asInt() == 0
        ? ScoreShaper.rows(Pool.MEAN)
        : ScoreShaper.columns(Pool.MEAN);
  }

  /** JaxPruner's weights are [kernel..., in, out], libtorch's [out, in, kernel...]. */
  private static long[] torchShape(long[] shape) {
    int n = shape.length;
    var reordered = new ArrayList<Long>(List.of(shape[n - 1], shape[n - 2]));
    for (int i = 0; i < n - 2; i++) {
      reordered.add(shape[i]);
    }
    return reordered.stream().mapToLong(Long::longValue).toArray();
  }
}
