package dev.filigree.sparsity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.filigree.nn.Linear;
import dev.filigree.optim.LibtorchOptimizer;
import dev.filigree.optim.SGD;
import dev.filigree.sparsity.algorithm.RigL;
import dev.filigree.testing.Guide;
import dev.filigree.torch.Tensors;
import example.OwnRun;
import example.Stars;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.AdamWOptions;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What docs/own-code.md shows compiles and runs, and the names that it lists are all there are. */
class OwnCodeGuideTest {
  private static final Guide GUIDE = new Guide("own-code.md");
  private static final Path TESTS = Path.of("src/test/java");

  @Test
  void itsCodeIsWhatIsCompiledHere() throws IOException {
    List<String> blocks = GUIDE.blocks("java");
    assertThat(blocks).hasSize(6);
    assertThat(blocks.getFirst()).isEqualTo(Files.readString(TESTS.resolve("example/OwnRun.java")));
    assertThat(Files.readString(TESTS.resolve("example/Stars.java")))
        .contains(blocks.get(4).lines().toList());
    GUIDE.assertLinesStandIn(
        TESTS.resolve("dev/filigree/sparsity/OwnCodeGuideTest.java"),
        block -> !block.startsWith("package ") && !block.startsWith("import "));
  }

  @ParameterizedTest
  @EnumSource(names = {"MASKED", "COMPRESSED"})
  void resumedRunGivesTheNumbersOfOneThatNeverStopped(Execution execution, @TempDir Path folder) {
    try (var _ = new PointerScope();
        var run = new OwnRun(execution)) {
      train(run, 20);
      run.save(folder);
      double expected = train(run, 40);
      assertThat(run.toString()).contains(execution == Execution.MASKED ? "masked" : "compressed");
      try (var again = new OwnRun(execution)) {
        again.resume(folder);
        assertThat(train(again, 40)).isEqualTo(expected);
      }
    }
  }

  private static double train(OwnRun run, long until) {
    double loss = Double.NaN;
    while (run.stepsMade() < until) {
      torch.manual_seed(run.stepsMade());
      loss = run.step(torch.randn(16, 20), torch.randn(16, 10));
    }
    return loss;
  }

  @Test
  void compressedIsRefusedByNameWhereALayerIsLibtorchs() {
    var options = SparsityOptions.defaults().execution(Execution.COMPRESSED);
    try (var _ = new PointerScope()) {
      var model = Stars.layer();
      var sgd = new SGD(model.parameters(), SGD.options().lr(0.1));
      var group = AlgorithmGroup.of(RigL.recipe(100, 0.5).build());
      assertThatThrownBy(() -> Sparsity.wrap(model, sgd, group, options))
          .hasMessageContainingAll("weight", "dev.filigree.nn.Linear");
    }
  }

  @Test
  void aCompressedModelGivesItsWeightsDense() {
    try (var _ = new PointerScope()) {
      var model = new TinyNetwork();
      var options = SparsityOptions.defaults().execution(Execution.COMPRESSED);
      var group = AlgorithmGroup.of(RigL.recipe(100, 0.5).build());
      try (var sparse = Sparsity.wrap(model, model.adamW(), group, options)) {
        Map<String, Tensor> weights = sparse.denseState(model);
        assertThat(weights)
            .hasEntrySatisfying(
                "first.weight", weight -> assertThat(weight.size(1)).isEqualTo(TinyNetwork.INPUTS));
      }
    }
  }

  @Test
  void aNetworkThatIsOnlyEvaluatedGivesUpItsZeros() {
    try (var _ = new PointerScope();
        var _ = new NoGradGuard()) {
      var model = new Linear(1024, 600, false);
      model.weight().mul_(torch.rand(600, 1024).ge(new Scalar(0.8)));
      long kept = model.weight().count_nonzero().item_long();
      var inference = new SparseInference();
      Tensors.namedParameters(model).forEach(inference::compress);
      try (inference) {
        assertThat(model.weight().numel()).isEqualTo(kept);
        assertThat(model.forward(torch.ones(3, 1024)).size(1)).isEqualTo(600);
      }
    }
  }

  @Test
  void starImportsAndLibtorchsOptimizerWork() {
    try (var _ = new PointerScope()) {
      try (var sparse = Stars.wrapped(Stars.layer())) {
        assertThat(sparse.sparsity()).isEqualTo(0.5);
      }
      var model = new TinyNetwork();
      var rigl = RigL.recipe(100, 0.8).build();
      var theirs = new org.bytedeco.pytorch.AdamW(model.parameters(), new AdamWOptions(1e-3));
      var sparse = Sparsity.wrap(model, LibtorchOptimizer.of(theirs), rigl);
      try (sparse) {
        model.train(sparse, 0, 5);
        assertThat(sparse.sparsity()).isEqualTo(0.8);
      }
    }
  }

  /** The public classes of the two packages whose names the binding has too. */
  @Test
  void theNamesThatCollideAreThoseOfTheGuide() throws IOException {
    Stream<String> ours =
        Stream.concat(namesBeside("nn", Linear.class), namesBeside("optim", SGD.class));
    List<String> colliding =
        ours.filter(OwnCodeGuideTest::isInBinding).sorted().map(name -> "`" + name + "`").toList();
    assertThat(GUIDE.lines().stream().filter(line -> line.startsWith("Some of our names")))
        .containsExactly(
            "Some of our names are also classes of `org.bytedeco.pytorch`: "
                + String.join(", ", colliding)
                + ".");
  }

  private static Stream<String> namesBeside(String folder, Class<?> one) throws IOException {
    Path sources = Path.of("../core/src/main/java", one.getPackageName().replace('.', '/'));
    assertThat(sources).endsWith(Path.of(folder));
    try (Stream<Path> files = Files.list(sources)) {
      return files.map(file -> file.getFileName().toString().replace(".java", "")).toList().stream()
          .filter(name -> !name.equals("package-info"));
    }
  }

  private static boolean isInBinding(String name) {
    return Tensor.class.getResource(name + ".class") != null;
  }
}
