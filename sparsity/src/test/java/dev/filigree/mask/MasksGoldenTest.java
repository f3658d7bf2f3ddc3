package dev.filigree.mask;

import static dev.filigree.mask.MaskTesting.floats;
import static dev.filigree.mask.MaskTesting.kept;
import static dev.filigree.mask.MaskTesting.longs;
import static dev.filigree.mask.MaskTesting.mask;
import static dev.filigree.mask.MaskTesting.scores;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.filigree.testing.Golden;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Every mask of the reference implementation is ours too. */
class MasksGoldenTest {
  private static final TieBreak TIES = TieBreak.lowerIndex();

  @TestFactory
  List<DynamicTest> masksEqualTheReference() {
    var tests = new ArrayList<DynamicTest>();
    int number = 0;
    for (JsonNode row : Golden.open("masks.json.gz")) {
      String name =
          "%d: %s %s %s sparsity %s"
              .formatted(
                  number++,
                  row.get("op").asText(),
                  row.path("method").asText() + row.path("shaper").asText(),
                  row.get("shape"),
                  row.get("sparsity"));
      tests.add(
          DynamicTest.dynamicTest(
              name,
              () -> {
                try (var _ = new PointerScope()) {
                  check(row);
                }
              }));
    }
    assertThat(tests).hasSizeGreaterThan(100);
    return tests;
  }

  private static void check(JsonNode row) {
    switch (row.get("op").asText()) {
      case "topk" -> checkTopK(row);
      case "drop_grow" -> checkDropAndGrow(row);
      case "grow_nothing_when_already_denser" -> checkGrowth(row);
      case "init" -> checkInitialMask(row);
      default -> throw new AssertionError("unknown case " + row.get("op"));
    }
  }

  private static void checkTopK(JsonNode row) {
    Tensor scores = scores(shape(row), floats(row.get("score")));
    Tensor mask = Masks.topK(scores, sparsity(row), grouping(row), TIES);
    assertThat(kept(mask)).containsExactly(longs(row.get("kept")));
  }

  private static void checkDropAndGrow(JsonNode row) {
    Tensor weight = scores(shape(row), floats(row.get("weight")));
    Tensor before = mask(shape(row), longs(row.get("mask")));
    double fraction = row.get("drop_fraction").asDouble();
    Tensor dropped =
        Masks.dropMinimum(weight.abs(), before, fraction, sparsity(row), grouping(row), TIES);
    assertThat(kept(dropped)).containsExactly(longs(row.get("after_drop")));
    assertThat(Masks.count(dropped)).isEqualTo(row.get("k").asLong());
    Tensor growScores = scores(shape(row), floats(row.get("grow_score")));
    Tensor grown = Masks.growMaximum(growScores, dropped, sparsity(row), grouping(row), TIES);
    assertThat(kept(grown)).containsExactly(longs(row.get("after_grow")));
  }

  private static void checkGrowth(JsonNode row) {
    Tensor before = mask(shape(row), longs(row.get("mask")));
    Tensor growScores = scores(shape(row), floats(row.get("grow_score")));
    Tensor grown = Masks.growMaximum(growScores, before, sparsity(row), grouping(row), TIES);
    assertThat(kept(grown)).containsExactly(longs(row.get("after_grow")));
  }

  private static void checkInitialMask(JsonNode row) {
    Tensor weight =
        row.has("param") ? scores(shape(row), floats(row.get("param"))) : torch.ones(shape(row));
    Tensor mask =
        InitialMasks.named(row.get("method").asText())
            .create(InitialMask.Request.of("weight", weight, sparsity(row), 1));
    assertThat(kept(mask)).containsExactly(longs(row.get("kept")));
  }

  private static SelectionGroups grouping(JsonNode row) {
    ScoreShaper shaper =
        switch (row.path("shaper").asText()) {
          case "input" -> ScoreShaper.inputGroups(row.get("groups").asLong());
          case "output" -> ScoreShaper.outputGroups(row.get("groups").asLong());
          default -> ScoreShaper.flat();
        };
    return shaper.group("weight", shape(row));
  }

  private static long[] shape(JsonNode row) {
    return longs(row.get("shape"));
  }

  private static double sparsity(JsonNode row) {
    return row.get("sparsity").asDouble();
  }
}
