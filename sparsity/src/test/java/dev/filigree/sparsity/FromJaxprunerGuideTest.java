package dev.filigree.sparsity;

import static dev.filigree.schedule.Schedules.polynomial;
import static dev.filigree.schedule.UpdateSchedules.every;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.filigree.config.ConfigReader;
import dev.filigree.mask.Distribution;
import dev.filigree.mask.Masks;
import dev.filigree.mask.ScoreShaper;
import dev.filigree.mask.SelectionGroups;
import dev.filigree.mask.TieBreak;
import dev.filigree.sparsity.algorithm.Algorithms;
import dev.filigree.sparsity.algorithm.GradualMagnitude;
import dev.filigree.sparsity.algorithm.RigL;
import dev.filigree.testing.Guide;
import example.FromJaxpruner;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;

/** What docs/from-jaxpruner.md shows compiles and does what it says. */
class FromJaxprunerGuideTest {
  private static final Guide GUIDE = new Guide("from-jaxpruner.md");
  private static final Path TESTS = Path.of("src/test/java");

  @Test
  void itsCodeIsWhatIsCompiledHere() throws IOException {
    assertThat(GUIDE.blocks("java"))
        .contains(Files.readString(TESTS.resolve("example/FromJaxpruner.java")));
    GUIDE.assertLinesStandIn(
        TESTS.resolve("dev/filigree/sparsity/FromJaxprunerGuideTest.java"),
        block -> !block.startsWith("package "));
  }

  @Test
  void thePrunerEndsAtItsTarget() {
    try (var _ = new PointerScope()) {
      var model = new TinyNetwork();
      var optimizer = model.adamW();
      var pruner =
          GradualMagnitude.builder()
              .sparsity(polynomial(0.8, 20, 60))
              .distribution(Distribution.erk())
              .update(every(10).from(20).until(61))
              .build();
      var sparse = Sparsity.wrap(model, optimizer, pruner);
      try (sparse) {
        model.train(sparse, 0, 15);
        assertThat(sparse.sparsity()).isZero();
        model.train(sparse, 15, 61);
        assertThat(sparse.sparsity()).isCloseTo(0.8, within(2e-3)); // floors of two layers
        sparse.verify();
      }
    }
  }

  @Test
  void itsYamlIsRead() {
    SparsityConfig config =
        SparsityConfig.read(ConfigReader.parse(GUIDE.blocks("yaml").getFirst(), "guide"));
    var algorithm = config.build().entries().getFirst().algorithm();
    assertThat(algorithm).isInstanceOf(RigL.class);
    assertThat(algorithm.isUpdate(60)).isTrue();
    assertThat(algorithm.isUpdate(70)).isFalse();
    assertThat(algorithm.startsDense()).isTrue();
  }

  @Test
  void theTwoScoresMakeRigLAndHaveAName() {
    Algorithms.register("from_jaxpruner", FromJaxpruner::new);
    try (var _ = new PointerScope()) {
      var model = new TinyNetwork();
      var own =
          Algorithms.builder("from_jaxpruner")
              .sparsity(0.8)
              .dropFraction(0.3)
              .update(every(5))
              .build();
      var other = new TinyNetwork();
      var rigl = RigL.builder().sparsity(0.8).dropFraction(0.3).update(every(5)).build();
      try (var sparse = Sparsity.wrap(model, model.adamW(), own);
          var expected = Sparsity.wrap(other, other.adamW(), rigl)) {
        model.train(sparse, 0, 20);
        other.train(expected, 0, 20);
        assertThat(TinyNetwork.equal(model.snapshot(sparse), other.snapshot(expected))).isTrue();
      }
    }
  }

  @Test
  void oneMatrixIsPrunedAtOnce() {
    try (var _ = new PointerScope()) {
      Tensor matrix = torch.arange(new Scalar(64)).reshape(8, 8).to(torch.ScalarType.Float);
      SelectionGroups all = ScoreShaper.flat().group("matrix", 8, 8);
      Tensor mask = Masks.topK(matrix.abs(), 0.8, all, TieBreak.lowerIndex());
      Tensor pruned = matrix.mul(mask);
      assertThat(mask.sum().item_long()).isEqualTo(12); // floor of a fifth of 64
      assertThat(pruned.count_nonzero().item_long()).isEqualTo(12);
      assertThat(pruned.flatten().narrow(0, 52, 12).min().item_float()).isEqualTo(52);
    }
  }

  @Test
  void theTypesOfSparsityAreTheKeysOfTheTable() {
    List<String> keys =
        GUIDE.lines().stream()
            .filter(row -> row.startsWith("| `NByM") || row.startsWith("| `Block"))
            .map(row -> row.split("\\| ", -1)[2].replaceAll("[`]| $", ""))
            .toList();
    assertThat(keys).hasSize(2);
    for (String key : keys) {
      String yaml = "sparsity: 0.5\nalgorithm: set\nupdate: {freq: 10}\n" + key + "\n";
      assertThat(SparsityConfig.read(ConfigReader.parse(yaml, "guide")).toYaml())
          .contains(key.substring(0, key.indexOf(':')));
    }
  }
}
