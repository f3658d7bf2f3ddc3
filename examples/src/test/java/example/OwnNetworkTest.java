package example;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.filigree.config.ConfigException;
import dev.filigree.optim.AdamW;
import dev.filigree.safetensors.ElementType;
import dev.filigree.zoo.config.RunConfig;
import dev.filigree.zoo.data.DataSources;
import dev.filigree.zoo.eval.TaskEvaluation;
import dev.filigree.zoo.eval.TaskResult;
import dev.filigree.zoo.eval.Tasks;
import dev.filigree.zoo.model.HuggingFaceFolder;
import dev.filigree.zoo.model.Model;
import dev.filigree.zoo.model.Models;
import dev.filigree.zoo.train.Evaluator;
import dev.filigree.zoo.train.Trainer;
import dev.filigree.zoo.train.checkpoint.Checkpoint;
import dev.filigree.zoo.train.checkpoint.CheckpointImport;
import dev.filigree.zoo.train.checkpoint.Checkpoints;
import dev.filigree.zoo.train.event.RunSummary;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What docs/extending.md shows of networks, data, tasks and loops of one's own. */
class OwnNetworkTest {
  private static final String GUIDE = "../docs/extending.md";

  @TempDir private Path folder;

  @BeforeAll
  static void register() {
    Models.register("spiral_net", new SpiralNet.Options(64, 0.1), SpiralNet::new);
    DataSources.register("spirals", new Spirals.Options(600, 0.1), Spirals::open);
    Tasks.register(new Capitals());
  }

  private static String guide() throws IOException {
    String text = Files.readString(Path.of(GUIDE));
    return text.substring(text.indexOf("## A network of your own"));
  }

  private static List<String> blocks(String language) throws IOException {
    var blocks = new ArrayList<String>();
    for (String part : guide().split("```" + language + "\n", -1)) {
      blocks.add(part.split("```", 2)[0]);
    }
    return blocks.subList(1, blocks.size());
  }

  @Test
  void theProgramsOfTheGuideAreTheCompiledOnes() throws IOException {
    var own = Path.of("src/test/java/example/OwnNetworkTest.java");
    List<String> here = Files.readAllLines(own).stream().map(String::strip).toList();
    var classes = new ArrayList<String>();
    for (String block : blocks("java")) {
      if (block.startsWith("package ")) {
        classes.add(block);
      } else {
        block.lines().forEach(line -> assertTrue(here.contains(line.strip()), line));
      }
    }
    for (String name : List.of("SpiralNet", "Spirals", "Capitals", "OwnLoop")) {
      assertTrue(
          classes.contains(Files.readString(Path.of("src/main/java/example", name + ".java"))),
          name);
    }
    assertEquals(4, classes.size());
  }

  @Test
  void theYamlOfTheGuideTrainsTheNetworkAndResumesToTheSameWeights() throws IOException {
    String yaml = blocks("yaml").getFirst();
    Path whole = folder.resolve("whole");
    RunSummary summary = train(RunConfig.parse(yaml, "run.yaml", List.of()), whole);
    assertEquals(0.8, summary.sparsity(), 1e-3);
    assertTrue(summary.evalLoss() < 0.6, summary.toString());

    Path parted = folder.resolve("parted");
    train(RunConfig.parse(yaml, "run.yaml", List.of("loop.stop_at=60")), parted);
    try (Trainer trainer = Trainer.resume(parted, List.of("loop.stop_at=150"))) {
      trainer.run();
    }
    assertArrayEquals(weights(whole), weights(parted));
    assertTrue(Files.readString(whole.resolve("metrics.jsonl")).contains("\"positions\":"));
    assertTrue(Files.readString(whole.resolve("report.html")).contains("\"unit\":\"position\""));
    assertTrue(Files.readString(whole.resolve("config.yaml")).contains("dropout: 0.1"));
  }

  @Test
  void aRunInJavaIsTheRunInYaml() throws IOException {
    RunConfig config =
        RunConfig.builder()
            .model("spiral_net", new SpiralNet.Options(96, 0.1))
            .trainData("spirals", new Spirals.Options(600, 0.1), 60)
            .validationData("held_out", "spirals", new Spirals.Options(210, 0.1))
            .optimizer("AdamW", AdamW.options().lr(1e-2))
            .sparsity(Map.of("algorithm", "set", "sparsity", 0.8, "drop_fraction", 0.3))
            .set("loop.max_steps", 150)
            .build();
    Path run = folder.resolve("run");
    try (Trainer trainer = Trainer.start(config, run)) {
      RunSummary summary = trainer.run();
      assertTrue(summary.evalLoss() < 0.6, summary.toString());
    }
    String yaml = blocks("yaml").getFirst();
    RunConfig same = RunConfig.parse(yaml, "run.yaml", List.of());
    assertEquals(same.model(), config.model());
    assertEquals(same.trainData(), config.trainData());
    assertEquals(same.validationData(), config.validationData());
    assertEquals(same.optimizer(), config.optimizer());
    assertEquals(
        same.sparsity().orElseThrow().toConfig(), config.sparsity().orElseThrow().toConfig());
    assertEquals(
        config.toYaml(), RunConfig.parse(config.toYaml(), "again.yaml", List.of()).toYaml());
  }

  @Test
  void itsCheckpointsAreEvaluatedExportedAndImported() throws IOException {
    Path run = folder.resolve("run");
    RunConfig config = RunConfig.parse(blocks("yaml").getFirst(), "run.yaml", List.of());
    RunSummary summary = train(config, run);

    Checkpoint checkpoint = Checkpoints.open(run);
    Model model = checkpoint.loadModel();
    var data = DataSources.loader(config.validationData().values().iterator().next());
    double loss = new Evaluator(model).evaluate(data, 0).loss();
    assertEquals(summary.evalLoss(), loss, 1e-6);

    Path exported = folder.resolve("exported");
    HuggingFaceFolder.write(exported, model.config(), model.tensors(), ElementType.F32);
    String json = Files.readString(exported.resolve("config.json"));
    assertTrue(json.contains("\"model_type\" : \"spiral_net\""), json);
    assertTrue(json.contains("\"hidden_size\" : 96"), json);
    Path imported = folder.resolve("imported");
    CheckpointImport.write(exported, imported, new ArrayList<>());
    assertArrayEquals(weights(run), weights(imported));
  }

  @Test
  void anOptionThatIsWrongIsReportedWithItsPlace() throws IOException {
    String yaml = blocks("yaml").getFirst();
    var unknown =
        assertThrows(
            ConfigException.class,
            () ->
                RunConfig.parse(yaml.replace("hidden_size", "hidden_sise"), "run.yaml", List.of()));
    assertTrue(unknown.getMessage().contains("did you mean hidden_size"), unknown.getMessage());
    var refused =
        assertThrows(
            ConfigException.class,
            () -> RunConfig.parse(yaml, "run.yaml", List.of("model.hidden_size=0")));
    assertTrue(refused.getMessage().contains("must be at least 1"), refused.getMessage());
    var data =
        assertThrows(
            ConfigException.class,
            () -> RunConfig.parse(yaml.replace("points", "pionts"), "run.yaml", List.of()));
    assertTrue(data.getMessage().contains("did you mean points"), data.getMessage());
  }

  @Test
  void namesAreTakenOnce() {
    assertThrows(
        IllegalArgumentException.class,
        () -> Models.register("Llama", new SpiralNet.Options(64, 0), SpiralNet::new));
    assertThrows(
        IllegalArgumentException.class,
        () -> DataSources.register("Spirals", new Spirals.Options(1, 0), Spirals::open));
    assertThrows(IllegalArgumentException.class, () -> Tasks.register(new Capitals()));
  }

  @Test
  void aTaskAsksItsQuestions() throws IOException {
    Files.writeString(
        folder.resolve("capitals.csv"),
        "France;Paris;Lyon\nItaly;Rome;Milan\nSpain;Madrid;Seville\nPeru;Lima;Ica\n");
    var task = Tasks.named("capitals");
    // Of two continuations the shorter one is likelier: right of Spain, wrong of Peru.
    TaskResult result =
        new TaskEvaluation(
                options ->
                    options.stream()
                        .mapToDouble(option -> -option.continuation().length())
                        .toArray(),
                _ -> {})
            .evaluate(task, task.read(folder), task.shots(), 0);
    assertEquals(2, result.questions());
    assertEquals(0.5, result.score("acc").value());
  }

  @Test
  void anOwnLoopResumesToTheBit() {
    torch.manual_seed(5);
    try (var _ = new PointerScope();
        var loop = new OwnLoop();
        var other = new OwnLoop()) {
      loop.train(0, 70);
      loop.save(folder);
      double last = loop.train(70, 120);
      other.resume(folder);
      assertEquals(last, other.train(70, 120));
      assertArrayEquals(
          dev.filigree.torch.Tensors.segment(loop.network().parameters().get(0)).toArray(FLOAT),
          dev.filigree.torch.Tensors.segment(other.network().parameters().get(0)).toArray(FLOAT));
    }
  }

  private static final java.lang.foreign.ValueLayout.OfFloat FLOAT =
      java.lang.foreign.ValueLayout.JAVA_FLOAT;

  private static RunSummary train(RunConfig config, Path run) {
    try (Trainer trainer = Trainer.start(config, run)) {
      return trainer.run();
    }
  }

  private static byte[] weights(Path run) throws IOException {
    return Files.readAllBytes(Checkpoints.resolve(run).resolve("model.safetensors"));
  }
}
