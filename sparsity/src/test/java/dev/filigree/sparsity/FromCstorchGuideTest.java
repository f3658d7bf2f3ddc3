package dev.filigree.sparsity;

import static dev.filigree.schedule.Schedules.cosine;
import static dev.filigree.schedule.UpdateSchedules.every;
import static org.assertj.core.api.Assertions.assertThat;

import dev.filigree.config.ConfigReader;
import dev.filigree.sparsity.algorithm.RigL;
import dev.filigree.sparsity.algorithm.SparseEvolution;
import dev.filigree.sparsity.algorithm.Static;
import dev.filigree.testing.Guide;
import example.FromCstorch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.junit.jupiter.api.Test;

/** What docs/from-cstorch.md shows compiles and does what it says. */
class FromCstorchGuideTest {
  private static final Guide GUIDE = new Guide("from-cstorch.md");
  private static final Path TESTS = Path.of("src/test/java");

  @Test
  void itsCodeIsWhatIsCompiledHere() throws IOException {
    assertThat(GUIDE.blocks("java"))
        .contains(Files.readString(TESTS.resolve("example/FromCstorch.java")));
    GUIDE.assertLinesStandIn(
        TESTS.resolve("dev/filigree/sparsity/FromCstorchGuideTest.java"),
        block -> !block.startsWith("package "));
  }

  @Test
  void theBuilderAndTheYamlAreTheSameRun() {
    try (var _ = new PointerScope()) {
      var model = new TinyNetwork();
      var optimizer = model.adamW();
      var rigl =
          RigL.builder()
              .sparsity(0.9)
              .dropFraction(cosine(0.3, 60))
              .update(every(10).until(60))
              .build();
      var sparse = Sparsity.wrap(model, optimizer, rigl);
      try (sparse) {
        model.train(sparse, 0, 30);
        var other = new TinyNetwork();
        SparsityConfig config =
            SparsityConfig.read(ConfigReader.parse(GUIDE.blocks("yaml").getFirst(), "guide"));
        try (var fromYaml =
            Sparsity.wrap(other, other.adamW(), config, SparsityOptions.defaults())) {
          other.train(fromYaml, 0, 30);
          assertThat(TinyNetwork.equal(model.snapshot(sparse), other.snapshot(fromYaml))).isTrue();
        }
        sparse.verify();
      }
    }
  }

  @Test
  void groupsGiveEachWeightItsAlgorithm() {
    try (var _ = new PointerScope()) {
      var model = new TinyNetwork();
      var optimizer = model.adamW();
      var group =
          AlgorithmGroup.empty()
              .with(new ParameterFilter(List.of("first.weight")), Static.recipe(0.5).build())
              .with(
                  new ParameterFilter(List.of("second.weight")),
                  SparseEvolution.builder()
                      .sparsity(0.8)
                      .dropFraction(0.3)
                      .update(every(10))
                      .build());
      var sparse = Sparsity.wrap(model, optimizer, group, SparsityOptions.defaults());
      try (sparse) {
        assertThat(sparse.parameters())
            .extracting(SparseParameter::sparsity)
            .containsExactly(0.5, 0.8);
      }
    }
  }

  /** "first.*" would make the bias sparse too. */
  @Test
  void aPatternThatNamesABiasMakesItSparse() {
    try (var _ = new PointerScope()) {
      var model = new TinyNetwork();
      var group =
          AlgorithmGroup.empty()
              .with(new ParameterFilter(List.of("first.*")), Static.recipe(0.5).build());
      try (var sparse = Sparsity.wrap(model, model.adamW(), group, SparsityOptions.defaults())) {
        assertThat(sparse.parameters())
            .extracting(SparseParameter::name)
            .containsExactly("first.weight", "first.bias");
      }
    }
  }

  @Test
  void theTwoScoresMakeRigL() {
    try (var _ = new PointerScope()) {
      var model = new TinyNetwork();
      var own = FromCstorch.builder().sparsity(0.8).dropFraction(0.3).update(every(5)).build();
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
}
