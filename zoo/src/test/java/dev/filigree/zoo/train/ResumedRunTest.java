package dev.filigree.zoo.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.filigree.config.ConfigException;
import dev.filigree.zoo.config.RunConfig;
import dev.filigree.zoo.train.event.RunSummary;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A run of 12 steps, stopped at step 5: what {@code --resume} changes takes effect or is refused.
 */
class ResumedRunTest {
  @TempDir static Path shared;
  private static TinyRun tiny;
  private static Path unchanged;

  @TempDir private Path folder;

  @BeforeAll
  static void train() throws IOException {
    tiny = new TinyRun(shared);
    unchanged = shared.resolve("unchanged");
    tiny.train(shared.resolve("stopped"), "loop.stop_at=5", "loop.eval_frequency=3");
    copy(shared.resolve("stopped"), unchanged);
    TinyRun.resume(unchanged, "loop.stop_at=8");
  }

  private Path stopped() throws IOException {
    Path run = folder.resolve("run");
    copy(shared.resolve("stopped"), run);
    return run;
  }

  private static void copy(Path from, Path to) throws IOException {
    try (var files = Files.walk(from)) {
      for (Path file : files.toList()) {
        Files.copy(file, to.resolve(from.relativize(file).toString()));
      }
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "optimizer.AdamW.betas=[0.5, 0.9]",
        "optimizer.AdamW.eps=0.1",
        "optimizer.AdamW.weight_decay=0.9",
        "optimizer.AdamW.amsgrad=true",
        "schedulers=3.0e-3",
        "precision={enabled: false, max_gradient_norm: 1.0e-9}",
        "precision={enabled: false, max_gradient_value: 1.0e-9}",
        "precision={enabled: true, fp16_type: bfloat16}",
        "precision={enabled: true, fp16_type: float16, loss_scaling_factor: dynamic}",
        "precision={enabled: true, fp16_type: float16, loss_scaling_factor: 8}",
        "sparsity.sparsity=0.9",
        "sparsity.algorithm=set",
        "sparsity.drop_fraction=0.1",
        "sparsity.update.freq=3",
        "sparsity.update.stop=6",
        "sparsity.distribution=erk",
        "loop.grad_accum_steps=1",
        "train_dataloader.batch_size=2",
        "loop.eval_steps=1",
        "val_dataloader={split: all}",
      })
  void aChangeThatTakesEffectIsInTheNumbersAndInTheNotes(String change) throws IOException {
    Path run = stopped();
    RunSummary summary = TinyRun.resume(run, change, "loop.stop_at=8");
    assertThat(summary.steps()).isEqualTo(8);
    List<Map<String, Object>> rows = TinyRun.rows(run);
    rows.removeIf(row -> "end".equals(row.get("event")));
    List<Map<String, Object>> others = TinyRun.rows(unchanged);
    others.removeIf(row -> "end".equals(row.get("event")));
    assertThat(rows).isNotEqualTo(others);
    assertThat(rows.stream().filter(row -> TinyRun.number(row, "step") <= 5).toList())
        .isEqualTo(others.stream().filter(row -> TinyRun.number(row, "step") <= 5).toList());
    String key = change.substring(0, change.indexOf('='));
    assertThat(RunConfig.read(run.resolve("config.yaml"), List.of()).notes())
        .anySatisfy(note -> assertThat(note).startsWith("from step 5 on: " + key));
  }

  @Test
  void whatChangesNoNumberIsTaken() throws IOException {
    Path run = stopped();
    RunSummary summary =
        TinyRun.resume(
            run,
            "loop.stop_at=8",
            "loop.activation_checkpointing=true",
            "train_dataloader.micro_batch_size=2",
            "checkpoint.steps=2",
            "logging.csv=true");
    assertThat(summary.steps()).isEqualTo(8);
    assertThat(TinyRun.rows(run, "train")).isEqualTo(TinyRun.rows(unchanged, "train"));
    assertThat(run.resolve("metrics.csv")).exists();
    assertThat(run.resolve("checkpoints/step-000008")).exists();
    assertThat(RunConfig.read(run.resolve("config.yaml"), List.of()).notes())
        .noneSatisfy(note -> assertThat(note).contains("from step"));
  }

  @Test
  void anotherExecutionIsTaken() throws IOException {
    Path run = stopped();
    assertThat(TinyRun.resume(run, "execution=compressed", "loop.stop_at=6").execution())
        .startsWith("compressed");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "seed=1 | seed | 0 | 1",
        "model_dir=elsewhere | model_dir | none | elsewhere",
        "ckpt_path=elsewhere | ckpt_path | none | elsewhere",
        "model.dropout_rate=0.1 | model.dropout_rate | 0.0 | 0.1",
        "model.hidden_size=64 | model.hidden_size | 32 | 64",
        "optimizer={SGD: {momentum: 0.9}} | optimizer | AdamW | SGD",
        "checkpoint.save_initial_checkpoint=true | checkpoint.save_initial_checkpoint | false | true",
        "checkpoint.load_checkpoint_states=all | checkpoint.load_checkpoint_states | model "
            + "| model,optimizer",
        "train_dataloader.shuffle=false | train_dataloader.shuffle | true | false",
        "train_dataloader.shuffle_seed=3 | train_dataloader.shuffle_seed | 0 | 3",
        "train_dataloader.max_sequence_length=16 | train_dataloader.max_sequence_length | 32 | 16",
        "train_dataloader.validation_fraction=0.5 | train_dataloader.validation_fraction | 0.2 | 0.5",
        "train_dataloader.split=all | train_dataloader.split | train | all",
        "sparsity=none | sparsity | a sparse one | none",
        "sparsity=0.75 | sparsity.algorithm | rigl | static",
        "sparsity.init_method=topk | sparsity.init_method | none | topk",
        "sparsity.param_filter=\"*.q_proj.weight\" | sparsity.param_filter | [] | [*.q_proj.weight]",
        "sparsity.update={freq: 4, start: 8} | sparsity.update | {freq=4, stop=20} "
            + "| {freq=4, start=8}",
        "sparsity.drop_fraction=[0.3, 0.1] | sparsity.drop_fraction | {type=cosine, init=0.5, "
            + "half_period=20} | [0.3, 0.1]",
      })
  void aChangeWithoutEffectIsRefusedByItsKeyAndBothValues(
      String change, String key, String before, String given) throws IOException {
    Path run = stopped();
    byte[] config = Files.readAllBytes(run.resolve("config.yaml"));
    assertThatThrownBy(() -> TinyRun.resume(run, change, "loop.stop_at=8"))
        .isInstanceOf(ConfigException.class)
        .hasMessageStartingWith(
            "--resume: %s: the run has %s, found %s: ".formatted(key, before, given))
        .message()
        .doesNotContain("\n");
    assertThat(run.resolve("config.yaml")).hasBinaryContent(config);
  }

  @Test
  void aSparsityWithoutAnUpdateToComeIsRefused() throws IOException {
    Path run = stopped();
    assertThatThrownBy(() -> TinyRun.resume(run, "sparsity.sparsity=0.9", "loop.stop_at=7"))
        .hasMessage(
            "--resume: sparsity.sparsity: the run has 0.75, found 0.9: no update of the masks"
                + " follows, from step 5 on");
  }

  @Test
  void anEndBeforeTheCheckpointIsRefused() throws IOException {
    Path run = stopped();
    assertThatThrownBy(() -> TinyRun.resume(run, "loop.stop_at=4"))
        .isInstanceOf(ConfigException.class)
        .hasMessage(
            "--resume: the run has finished 5 steps already; the step to end at, --steps, must be"
                + " at least that, found 4");
    assertThat(TinyRun.resume(run, "loop.stop_at=5").steps()).as("there already").isEqualTo(5);
  }

  @Test
  void aLearningRateThatSchedulersOverruleIsRefused() throws IOException {
    Path run = stopped();
    assertThatThrownBy(() -> TinyRun.resume(run, "optimizer.AdamW.lr=0.1"))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("optimizer.AdamW.lr: would have no effect: schedulers set");
  }

  @Test
  void whatWasBestOnOtherDataIsForgotten() throws IOException {
    Path run = stopped();
    TinyRun.resume(run, "val_dataloader={split: all, batch_size: 4}", "loop.stop_at=6");
    RunSummary other = TinyRun.resume(run, "loop.stop_at=6");
    double last = TinyRun.number(TinyRun.rows(run, "eval").getLast(), "loss");
    assertThat(other.bestEvalLoss()).isEqualTo(last);
  }

  @Test
  void dataThatMovedAreReadWhereTheyAre() throws IOException {
    Path run = stopped();
    Path moved = folder.resolve("moved");
    copy(shared.resolve("text"), moved);
    TinyRun.resume(run, "train_dataloader.data_dir=" + moved, "loop.stop_at=8");
    assertThat(TinyRun.rows(run, "train")).isEqualTo(TinyRun.rows(unchanged, "train"));
  }
}
