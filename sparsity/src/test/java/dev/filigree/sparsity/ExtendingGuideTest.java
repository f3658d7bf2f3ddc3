package dev.filigree.sparsity;

import static dev.filigree.schedule.UpdateSchedules.every;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.filigree.config.ConfigException;
import dev.filigree.config.ConfigReader;
import dev.filigree.mask.Counting;
import dev.filigree.schedule.Schedules;
import dev.filigree.sparsity.algorithm.Algorithms;
import dev.filigree.sparsity.algorithm.RigL;
import dev.filigree.sparsity.algorithm.SparsityAlgorithm;
import dev.filigree.testing.Guide;
import example.CubicRise;
import example.StraightThrough;
import example.Taylor;
import example.Wanda;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.LongStream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What docs/extending.md shows compiles, runs and is short. */
class ExtendingGuideTest {
  private static final Guide GUIDE = new Guide("extending.md").before("A network of your own");
  private static final Path TESTS = Path.of("src/test/java");

  @BeforeAll
  static void register() {
    Schedules.register("cubic_rise", CubicRise.class, "init", "last");
    Algorithms.register("taylor", new Taylor.Options(1), Taylor::new);
    Algorithms.register("straight_through", StraightThrough::new);
  }

  @Test
  void itsClassesAreTheCompiledOnesAndShort() throws IOException {
    List<String> classes =
        GUIDE.blocks("java").stream().filter(block -> block.startsWith("package ")).toList();
    assertThat(classes)
        .containsExactly(
            Files.readString(TESTS.resolve("example/CubicRise.java")),
            Files.readString(TESTS.resolve("example/Taylor.java")),
            Files.readString(TESTS.resolve("example/StraightThrough.java")),
            Files.readString(TESTS.resolve("example/Wanda.java")));
    assertThat(classes).allSatisfy(code -> assertThat(code.lines().count()).isLessThan(45));
  }

  @Test
  void itsOtherLinesStandInThisTest() {
    GUIDE.assertLinesStandIn(
        TESTS.resolve("dev/filigree/sparsity/ExtendingGuideTest.java"),
        block -> !block.startsWith("package "));
  }

  @Test
  void granetFromTheCubicRiseReachesItsTarget() {
    var granet =
        RigL.builder()
            .sparsity(new CubicRise(0.5, 0.9, 0, 60))
            .dropFraction(0.3)
            .update(every(10))
            .build();
    try (var _ = new PointerScope()) {
      var network = new TinyNetwork();
      try (var optimizer = Sparsity.wrap(network, network.adamW(), granet)) {
        assertThat(optimizer.sparsity()).isEqualTo(0.5);
        network.train(optimizer, 0, 30);
        assertThat(optimizer.sparsity()).isCloseTo(0.85, within(1e-3));
        network.train(optimizer, 30, 60);
        assertThat(optimizer.sparsity()).isEqualTo(0.9);
        optimizer.verify();
      }
    }
  }

  @Test
  void taylorDropsByWeightAndGradientAndKeepsItsCount() {
    try (var _ = new PointerScope()) {
      var model = new TinyNetwork();
      var inner = model.adamW();
      var taylor = Taylor.builder(0.5).sparsity(0.8).dropFraction(0.3).update(every(10)).build();
      var optimizer = Sparsity.wrap(model, inner, taylor);
      try (optimizer) {
        var history = new MaskHistory();
        optimizer.addListener(history);
        model.train(optimizer, 0, 20);
        assertThat(history.updates())
            .hasSize(4)
            .allSatisfy(update -> assertThat(update.dropped()).isPositive())
            .allSatisfy(
                update -> assertThat(update.kept()).isEqualTo(Counting.kept(update.size(), 0.8)));
        optimizer.verify();
      }
    }
  }

  @Test
  void wandaPrunesEveryOutputByItselfByCalibrationBatches() {
    try (var _ = new PointerScope()) {
      var model = new TinyNetwork();
      var inner = model.adamW();
      var batches = LongStream.range(0, 8).iterator();
      var optimizer = Sparsity.wrap(model, inner, Wanda.builder().sparsity(0.5).build());
      optimizer.calibrate(8, () -> model.backward(batches.next()));
      try (optimizer) {
        for (SparseParameter parameter : optimizer.parameters()) {
          Tensor ofRows = parameter.mask().sum(new long[] {1}, false, null);
          assertThat(ofRows.eq(new Scalar(parameter.shape()[1] / 2)).all().item_bool()).isTrue();
        }
        model.train(optimizer, 0, 5); // sparse fine-tuning
        assertThat(optimizer.sparsity()).isEqualTo(0.5);
        optimizer.verify();
      }
    }
  }

  @Test
  void itsYamlIsRead() {
    List<SparsityConfig> configs =
        GUIDE.blocks("yaml").stream()
            .map(block -> SparsityConfig.read(ConfigReader.parse(block, "extending.md")))
            .toList();
    assertThat(configs).hasSize(3);
    assertThat(algorithm(configs.getFirst()).settings().sparsity())
        .isEqualTo(new CubicRise(0.5, 0.9, 0, 60));
    assertThat(algorithm(configs.get(1))).isInstanceOf(Taylor.class);
    assertThat(algorithm(configs.getLast())).isInstanceOf(StraightThrough.class);
  }

  @Test
  void optionsOfAnAlgorithmAreReadAndChecked() {
    String yaml = "algorithm: taylor\nsparsity: 0.5\n";
    assertThatThrownBy(
            () -> SparsityConfig.read(ConfigReader.parse(yaml + "power: much", "run.yaml")))
        .isInstanceOf(ConfigException.class)
        .hasMessageContainingAll("run.yaml:3", "power", "number");
    assertThatThrownBy(() -> SparsityConfig.read(ConfigReader.parse(yaml + "powr: 1", "run.yaml")))
        .hasMessageContainingAll("run.yaml:3", "did you mean power");
    SparsityConfig config =
        SparsityConfig.read(ConfigReader.parse(yaml + "power: 0.5", "run.yaml"));
    assertThat(config.toYaml()).contains("power: 0.5");
  }

  @Test
  void straightThroughTrains() {
    try (var _ = new PointerScope()) {
      var model = new TinyNetwork();
      var algorithm = Algorithms.builder("straight_through").sparsity(0.8).update(every(1)).build();
      try (var optimizer = Sparsity.wrap(model, model.adamW(), algorithm)) {
        double first = model.train(optimizer, 0, 1);
        model.train(optimizer, 1, 30);
        optimizer.zeroGrad();
        assertThat(model.backward(0)).isLessThan(first);
        optimizer.verify();
      }
    }
  }

  @Test
  void whatTheConstructorRefusesIsReportedWithItsPlace() {
    String yaml = "algorithm: granet\nsparsity: {type: cubic_rise, init: 0, last: 1, end: 0}";
    assertThatThrownBy(() -> SparsityConfig.read(ConfigReader.parse(yaml, "run.yaml")))
        .isInstanceOf(ConfigException.class)
        .hasMessage("run.yaml:2: sparsity: end must be above start 0, found 0");
  }

  private static SparsityAlgorithm algorithm(SparsityConfig config) {
    return config.build().entries().getFirst().algorithm();
  }
}
