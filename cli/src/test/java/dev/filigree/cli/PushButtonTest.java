package dev.filigree.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.filigree.torch.Tensors;
import dev.filigree.zoo.model.HuggingFaceFolder;
import dev.filigree.zoo.model.Model;
import dev.filigree.zoo.train.checkpoint.Checkpoints;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The walk of docs/pushbutton.md in small: a file of the Model Zoo, trained, evaluated, exported.
 */
class PushButtonTest {
  private static final Path CONFIG =
      Path.of("../zoo/src/test/resources/modelzoo-configs/params_gpt3_125m_rigl75.yaml");

  @TempDir private Path directory;

  /** Size and data of a file with a GPT-3 of 125 million parameters, changed as a user would. */
  private Program train(String run, String... more) throws IOException {
    Path texts = Files.createDirectories(directory.resolve("texts"));
    for (int i = 0; i < 40; i++) {
      Files.writeString(texts.resolve(i + ".txt"), ("Row " + i + " repeats itself. ").repeat(60));
    }
    var arguments = new ArrayList<String>(List.of("train", CONFIG.toString()));
    for (String setting :
        List.of(
            "execution=masked",
            "model.hidden_size=32",
            "model.num_hidden_layers=2",
            "model.num_heads=2",
            "model.filter_size=64",
            "model.vocab_size=256",
            "model.max_position_embeddings=32",
            "schedulers=3.0e-3",
            "sparsity.update.freq=20", // step 50 updates no mask: what grows there is still zero
            "loop.eval_steps=2",
            "train_dataloader={data_dir: "
                + texts
                + ", max_sequence_length: 32, batch_size: 4, validation_fraction: 0.2, cache_dir: "
                + directory.resolve("cache")
                + "}",
            "val_dataloader=")) {
      arguments.add("-s");
      arguments.add(setting);
    }
    arguments.addAll(List.of(more));
    arguments.addAll(List.of("--out", directory.resolve(run).toString()));
    return Program.run(arguments.toArray(String[]::new));
  }

  private static double loss(Program evaluation) throws IOException {
    assertThat(evaluation.exitCode()).as(evaluation.err()).isZero();
    JsonNode json = new ObjectMapper().readTree(evaluation.out());
    return json.at("/results/validation/loss").asDouble();
  }

  @Test
  void aModelZooFileTrainsEvaluatesAndExportsWhatHuggingFaceFolderLoads() throws IOException {
    Program trained = train("run", "--steps", "50");
    assertThat(trained.exitCode()).as(trained.err()).isZero();
    assertThat(trained.out()).containsPattern("sparsity +75.00 % target, 75.00 % counted");
    assertThat(trained.err())
        .contains("note: ", "fp16_type: cbfloat16 is Cerebras hardware's: bfloat16 instead");
    Path run = directory.resolve("run");

    double loss = loss(Program.run("evaluate", run.toString(), "--json"));
    assertThat(loss).isLessThan(4);

    Path exported = directory.resolve("exported");
    Program export = Program.run("export", run.toString(), "--to", exported.toString());
    assertThat(export.exitCode()).as(export.err()).isZero();
    assertThat(exported).isDirectoryContaining("glob:**config.json");
    assertThat(exported).isDirectoryContaining("glob:**model.safetensors");
    var notes = new ArrayList<String>();
    Model read = HuggingFaceFolder.read(exported, notes);
    Map<String, Tensor> tensors = Tensors.namedParameters(read);
    Map<String, Tensor> saved = Tensors.namedParameters(Checkpoints.open(run).loadModel());
    assertThat(notes).isEmpty();
    assertThat(tensors).containsOnlyKeys(saved.keySet());
    saved.forEach((name, tensor) -> assertThat(tensor.equal(tensors.get(name))).as(name).isTrue());
    Tensor matrix = Objects.requireNonNull(tensors.get("transformer.h.1.mlp.c_fc.weight"));
    assertThat(matrix.ne(new Scalar(0.0)).sum().item_long()).isEqualTo(64 * 32 / 4);

    // Back again: the imported folder computes the same loss, and a dense run starts from it.
    Path imported = directory.resolve("imported");
    assertThat(Program.run("import", exported.toString(), "--to", imported.toString()).exitCode())
        .isZero();
    assertThat(
            loss(
                Program.run(
                    "evaluate",
                    imported.toString(),
                    "--config",
                    run.resolve("config.yaml").toString(),
                    "--json")))
        .isEqualTo(loss);
    Program dense =
        train("dense", "-s", "ckpt_path=" + exported, "-s", "sparsity=none", "--steps", "1");
    assertThat(dense.exitCode()).as(dense.err()).isZero();
    assertThat(dense.err()).contains("note: starts from " + exported).contains("begin at zero");
  }
}
