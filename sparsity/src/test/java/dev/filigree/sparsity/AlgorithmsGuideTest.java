package dev.filigree.sparsity;

import static dev.filigree.schedule.Schedules.cosine;
import static dev.filigree.schedule.Schedules.cubic;
import static dev.filigree.schedule.UpdateSchedules.always;
import static dev.filigree.schedule.UpdateSchedules.every;
import static org.assertj.core.api.Assertions.assertThat;

import dev.filigree.config.ConfigReader;
import dev.filigree.mask.CalibratedMask;
import dev.filigree.mask.Distribution;
import dev.filigree.mask.InitialMask;
import dev.filigree.mask.ScoreShaper;
import dev.filigree.mask.Snip;
import dev.filigree.optim.AdamW;
import dev.filigree.optim.Optimizer;
import dev.filigree.schedule.Polynomial;
import dev.filigree.sparsity.algorithm.AcDc;
import dev.filigree.sparsity.algorithm.AlgorithmSettings;
import dev.filigree.sparsity.algorithm.Algorithms;
import dev.filigree.sparsity.algorithm.CannistraciHebb;
import dev.filigree.sparsity.algorithm.DynamicReparameterization;
import dev.filigree.sparsity.algorithm.ElasticMutation;
import dev.filigree.sparsity.algorithm.Evidence;
import dev.filigree.sparsity.algorithm.ForwardWeight;
import dev.filigree.sparsity.algorithm.GraNet;
import dev.filigree.sparsity.algorithm.GradualMagnitude;
import dev.filigree.sparsity.algorithm.MagnitudeStraightThrough;
import dev.filigree.sparsity.algorithm.Parametrization;
import dev.filigree.sparsity.algorithm.RateFactor;
import dev.filigree.sparsity.algorithm.Recipe;
import dev.filigree.sparsity.algorithm.RigL;
import dev.filigree.sparsity.algorithm.SoftThreshold;
import dev.filigree.sparsity.algorithm.SparseEvolution;
import dev.filigree.sparsity.algorithm.SparseMemoryEfficient;
import dev.filigree.sparsity.algorithm.SparseMomentum;
import dev.filigree.sparsity.algorithm.SparseRefined;
import dev.filigree.sparsity.algorithm.SparsityAlgorithm;
import dev.filigree.sparsity.algorithm.Static;
import dev.filigree.sparsity.algorithm.StructuredRigL;
import dev.filigree.sparsity.algorithm.TopKast;
import dev.filigree.sparsity.algorithm.TopMagnitude;
import dev.filigree.testing.Guide;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.bytedeco.javacpp.PointerScope;
import org.junit.jupiter.api.Test;

/** What docs/algorithms.md shows is true: YAML and Java say the same, and both train. */
class AlgorithmsGuideTest {
  private static final Guide GUIDE = new Guide("algorithms.md");

  @Test
  void itsJavaIsWhatItsYamlSays() {
    var scaled =
        RigL.builder()
            .sparsity(0.9)
            .dropFraction(cosine(0.3, 3000))
            .update(every(100).until(3000))
            .parametrization(
                Parametrization.standard()
                    .learningRate(new RateFactor.ByDensity(1))
                    .regrown(new Parametrization.Regrown(100)))
            .build();
    var fixed = Static.builder().sparsity(0.8).initialMask(InitialMask.topK()).build();
    var gmp =
        GradualMagnitude.builder()
            .sparsity(cubic(0, 0.9, 200, 3000, 100))
            .update(every(100).from(200).until(3001))
            .build();
    var set =
        SparseEvolution.builder()
            .sparsity(0.8)
            .dropFraction(0.3)
            .update(every(100).until(3000))
            .build();
    var rigl =
        RigL.builder()
            .sparsity(0.8)
            .dropFraction(cosine(0.3, 3000))
            .update(every(100).until(3000))
            .distribution(Distribution.erk())
            .build();
    var steadier = RigL.builder(new RigL.Options(8)); // gradient_steps
    assertThat(steadier.sparsity(0.8).dropFraction(0.3).update(every(100)).build().evidence())
        .isEqualTo(Evidence.gradient(8));
    var srigl =
        StructuredRigL.builder(new StructuredRigL.Options(0.3)) // gamma_sal
            .sparsity(0.9)
            .dropFraction(cosine(0.3, 3000))
            .update(every(100).until(3001))
            .distribution(Distribution.erk())
            .build();
    var granet =
        GraNet.builder()
            .sparsity(cubic(0.5, 0.9, 0, 3000, 100))
            .dropFraction(cosine(0.5, 3000))
            .update(every(100).until(3001))
            .build();
    var snfs =
        SparseMomentum.builder(new SparseMomentum.Options(0.9)) // beta
            .sparsity(0.9)
            .dropFraction(cosine(0.5, 3000, 0.005))
            .update(every(100))
            .build();
    var dsr =
        DynamicReparameterization.builder(
                new DynamicReparameterization.Options(1e-3, 0.1)) // threshold, tolerance
            .sparsity(0.9)
            .dropFraction(0.1)
            .update(every(100))
            .build();
    var mest =
        ElasticMutation.builder(new ElasticMutation.Options(0.01, true)) // lambda, soft
            .sparsity(0.9)
            .dropFraction(cosine(0.2, 3000))
            .update(every(100).until(3001))
            .build();
    var smet =
        SparseMemoryEfficient.builder()
            .sparsity(0.9)
            .dropFraction(cosine(0.2, 3000, 0.005))
            .update(every(100))
            .build();
    var chts =
        CannistraciHebb.builder(new CannistraciHebb.Options(1, 9)) // start and end temperature
            .sparsity(0.9)
            .dropFraction(cosine(0.1, 4000))
            .update(every(100).until(4000))
            .build();
    var acdc =
        AcDc.builder(new AcDc.Options(300, 200, 2500)) // warmup, phase, finetune
            .sparsity(0.9)
            .build();
    var topKast =
        TopKast.builder(new TopKast.Options(0.8, 1e-4)) // backward_sparsity, penalty
            .sparsity(0.9)
            .update(every(100))
            .initialMask(InitialMask.topK())
            .build();
    var magnitudeSte =
        MagnitudeStraightThrough.builder()
            .sparsity(0.9)
            .update(always())
            .initialMask(InitialMask.topK())
            .build();
    var srSte =
        SparseRefined.builder(new SparseRefined.Options(2e-4)) // decay
            .sparsity(0.5)
            .shaper(ScoreShaper.nOfM(2, 4))
            .update(always())
            .initialMask(InitialMask.topK())
            .build();
    var topK =
        TopMagnitude.builder()
            .sparsity(new Polynomial(0.999, 0, 10_000, 1))
            .update(always())
            .initialMask(InitialMask.topK())
            .build();
    var softThreshold =
        SoftThreshold.builder(new SoftThreshold.Options(-5)) // init
            .update(every(100))
            .build();
    var snip =
        Static.builder()
            .sparsity(0.9)
            .initialMask(new Snip(4)) // batches
            .distribution(Distribution.global())
            .build();
    List<AlgorithmGroup> groups =
        GUIDE.blocks("yaml").stream()
            .map(yaml -> SparsityConfig.read(ConfigReader.parse(yaml, "algorithms.md")).build())
            .toList();
    List<SparsityAlgorithm> algorithms =
        groups.stream().map(group -> group.entries().getFirst().algorithm()).toList();
    List<SparsityAlgorithm> expected =
        List.of(
            scaled,
            fixed,
            fixed,
            gmp,
            set,
            rigl,
            srigl,
            granet,
            snfs,
            dsr,
            mest,
            smet,
            chts,
            acdc,
            topKast,
            magnitudeSte,
            srSte,
            topK,
            softThreshold,
            snip);
    for (int i = 0; i < expected.size(); i++) {
      assertThat(algorithms.get(i)).hasSameClassAs(expected.get(i));
      AlgorithmSettings read = algorithms.get(i).settings();
      AlgorithmSettings built = expected.get(i).settings();
      assertThat(read.sparsity()).isEqualTo(built.sparsity());
      assertThat(read.initialMask() instanceof CalibratedMask ? read.initialMask() : "")
          .isEqualTo(built.initialMask() instanceof CalibratedMask ? built.initialMask() : "");
      assertThat(read.parametrization()).isEqualTo(built.parametrization());
      if (!expected.get(i).needsUpdateSchedule()) {
        assertThat(expected.get(i).isUpdate(1500)).isEqualTo(algorithms.get(i).isUpdate(1500));
        continue;
      }
      if (expected.get(i).needsDropFraction()) {
        assertThat(read.dropFraction().at(1000)).isEqualTo(built.dropFraction().at(1000));
      }
      assertThat(read.update().isUpdate(3000)).isEqualTo(built.update().isUpdate(3000));
      assertThat(read.update().start()).isEqualTo(built.update().start());
    }
    var byThePaper = RigL.recipe(20_000, 0.8).distribution(Distribution.erk()).build();
    assertThat(byThePaper.isUpdate(15_000)).isTrue();
    assertThat(byThePaper.isUpdate(15_100)).isFalse();
    AlgorithmGroup group =
        AlgorithmGroup.empty()
            .with(new ParameterFilter(List.of("*.mlp.*.weight", "*.ffn.*.weight")), rigl)
            .with(new ParameterFilter(List.of("*.[qkvo]_proj.weight")), fixed);
    assertThat(groups.getLast().entries().stream().map(AlgorithmGroup.Entry::filter).toList())
        .isEqualTo(group.entries().stream().map(AlgorithmGroup.Entry::filter).toList());

    try (var _ = new PointerScope()) {
      var model = new TinyNetwork();
      Optimizer optimizer = new AdamW(model.parameters(), AdamW.options().lr(2e-4));
      optimizer = Sparsity.wrap(model, optimizer, rigl);
      try (var sparse = (SparseOptimizer) optimizer) {
        var history = new MaskHistory();
        sparse.addListener(history);
        var explored = OverParameterization.of(sparse);
        model.train(optimizer, 0, 100);
        sparse.verify();
        assertThat(history.updates()).hasSize(2);
        assertThat(explored.rate()).isGreaterThan(1 - sparse.sparsity());
      }
    }
  }

  @Test
  void masksAreChosenBeforeTraining() {
    var snip =
        Static.builder()
            .sparsity(0.9)
            .initialMask(new Snip(4))
            .distribution(Distribution.global())
            .build();
    try (var _ = new PointerScope()) {
      var model = new TinyNetwork();
      Optimizer optimizer = model.adamW();
      SparseOptimizer pruned = Sparsity.wrap(model, optimizer, snip);
      pruned.chooseInitialMasks(batch -> model.backward(batch)); // of number 0, 1, ...
      assertThat(pruned.sparsity()).isEqualTo(0.9);
      pruned.close();
    }
  }

  @Test
  void everyLineOfItsJavaStandsInThisTest() {
    GUIDE.assertLinesStandIn(
        Path.of("src/test/java/dev/filigree/sparsity/AlgorithmsGuideTest.java"), block -> true);
  }

  /** The columns that code can tell of the table by needs are what the algorithms declare. */
  @Test
  void itsTableByNeedsIsWhatTheAlgorithmsDeclare() {
    List<String> lines = GUIDE.lines();
    int head =
        lines.indexOf(
            "| name | dense weights | dense gradient | extra memory | extra passes | layers"
                + " | executions |");
    List<List<String>> rows =
        lines.stream()
            .skip(head + 2)
            .takeWhile(line -> line.startsWith("|"))
            .map(line -> Stream.of(line.split("\\|")).map(String::strip).skip(1).toList())
            .toList();
    assertThat(rows.stream().map(List::getFirst))
        .containsExactlyInAnyOrderElementsOf(builtIn().map(name -> "`" + name + "`").toList());
    for (List<String> row : rows) {
      var told = new ArrayList<>(row);
      told.remove(4); // passes are made by who calls the algorithm
      assertThat(told).isEqualTo(declared(row.getFirst().replace("`", "")));
    }
  }

  /** Other tests register algorithms of their own. */
  private static Stream<String> builtIn() {
    return Algorithms.names().stream()
        .filter(name -> builder(name).getClass().getPackage().equals(Static.class.getPackage()));
  }

  private static SparsityAlgorithm builder(String name) {
    String options =
        Map.of(
                "ac_dc", "{phase: 2, finetune: 8}",
                "top_kast", "{backward_sparsity: 0.3}",
                "str", "{init: -5}")
            .getOrDefault(name, "{}");
    var builder = Algorithms.builder(name, ConfigReader.parse(options, "test").asMap());
    if (Recipe.NAMES.contains(name)) {
      return Recipe.of(name, 24, 0.9).applyTo(builder).build();
    }
    if (!name.equals("str")) {
      builder.sparsity(0.9);
    }
    return builder.dropFraction(0.3).update(every(2)).build();
  }

  private static List<String> declared(String name) {
    SparsityAlgorithm algorithm = builder(name);
    boolean storesAll = !algorithm.forwardWeight().equals(ForwardWeight.stored());
    Evidence evidence = algorithm.evidence();
    boolean alternates =
        algorithm.startsDense() || algorithm.sparsity(0) == 0 || algorithm.sparsity(2) == 0;
    String weights = storesAll ? "at every step" : alternates ? "in its dense phases" : "no";
    String gradient =
        switch (evidence) {
          case Evidence.Momentum _ -> "at every step";
          case Evidence.Gradient _ -> "before an update";
          case Evidence.None _, Evidence.InputNorms _ -> storesAll ? "at every step" : "no";
        };
    String memory =
        switch (evidence) {
          case Evidence.Momentum _ -> "a dense tensor a weight";
          case Evidence.Gradient _ -> "a dense gradient before an update";
          case Evidence.None _, Evidence.InputNorms _ ->
              storesAll ? "all weights and their state" : "none";
        };
    String executions =
        storesAll ? "dense" : evidence instanceof Evidence.Momentum ? "masked" : "both";
    String layers = algorithm.redistribution().isPresent() ? "trade weights" : "fixed";
    return List.of("`" + name + "`", weights, gradient, memory, layers, executions);
  }

  @Test
  void itNamesEveryBuiltInAlgorithmAndKey() {
    String text = String.join("\n", GUIDE.lines());
    assertThat(builtIn()).allSatisfy(name -> assertThat(text).contains("| `" + name + "` |"));
    var keys =
        "algorithm type sparsity schedule drop_fraction update init_method param_filter"
            + " balance_in_groups balance_out_groups n_of_m block channel tie_break distribution";
    assertThat(keys.split(" ")).allSatisfy(key -> assertThat(text).contains("`" + key + "`"));
  }
}
