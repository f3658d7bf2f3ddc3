package dev.filigree.zoo.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.filigree.testing.NativeBytes;
import dev.filigree.zoo.model.HuggingFaceFolder;
import dev.filigree.zoo.train.checkpoint.CheckpointException;
import dev.filigree.zoo.train.checkpoint.Checkpoints;
import dev.filigree.zoo.train.checkpoint.Manifests;
import dev.filigree.zoo.train.event.RunSummary;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a session holds, and gives back: in the end, and where it cannot be prepared. */
class SessionTest {
  /** Some 12 MB of weights. */
  private static final String[] LARGER = {
    "model.hidden_size=384", "model.filter_size=768", "train_dataloader.batch_size=2",
    "train_dataloader.micro_batch_size=2", "loop.grad_accum_steps=1", "loop.max_steps=1",
    "sparsity=0.75", "loop.eval_frequency=0"
  };

  private static final long MEGABYTE = 1 << 20;

  @TempDir private Path folder;
  private TinyRun tiny;

  @BeforeEach
  void prepare() throws IOException {
    tiny = new TinyRun(folder);
  }

  @ParameterizedTest
  @ValueSource(strings = {"masked", "compressed", "dense"})
  void aClosedSessionHoldsNoWeightsGradientsOrOptimizerState(String execution) {
    String choice = execution.equals("dense") ? "sparsity=none" : "execution=" + execution;
    var session = new Session(tiny.config(choice));
    new TrainingStep(session).make(0, false);
    Collection<Tensor> tensors = session.tensors().values();
    var states = new ArrayList<Map<String, Tensor>>();
    session.trained().forEach(parameter -> states.add(session.optimizer().state(parameter)));
    assertThat(states).noneMatch(Map::isEmpty);

    session.close();
    session.close();

    assertThat(tensors).allMatch(tensor -> tensor.numel() == 0 && !tensor.grad().defined());
    assertThat(states).allMatch(Map::isEmpty);
  }

  @Test
  void aFailedResumeHoldsNothing() throws IOException {
    assumeThat(NativeBytes.areCounted()).isTrue();
    Path run = folder.resolve("run");
    tiny.train(run, LARGER);
    giveAnotherSeed(run);
    var inUse = new ArrayList<Long>();
    for (int i = 0; i < 5; i++) {
      assertThatThrownBy(() -> Trainer.resume(run, List.of()))
          .isInstanceOf(CheckpointException.class)
          .hasMessageContaining("seed");
      inUse.add(NativeBytes.inUse());
    }
    // Each one had weights, masks and optimizer state in memory, 30 MB and more.
    assertThat(inUse.getLast() - inUse.get(1)).isLessThan(45 * MEGABYTE);
  }

  @Test
  void aRunThatCannotBePreparedLeavesLibtorchsSettingsAsTheyWere() {
    Path network = folder.resolve("network");
    try (var session = new Session(tiny.config("sparsity=none"))) {
      HuggingFaceFolder.write(
          network,
          session.config().model().config(),
          session.tensors(),
          dev.filigree.safetensors.ElementType.F32);
    }
    assertThatThrownBy(
            () ->
                new Session(
                    tiny.config(
                        "deterministic=true",
                        "ckpt_path=" + network,
                        "checkpoint.load_checkpoint_states=model,optimizer")))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("has no optimizer state");
    assertThat(torch.globalContext().deterministicAlgorithms()).isFalse();
  }

  @Test
  void withoutValidationDataARunEndsWithoutALoss() throws IOException {
    Path run = folder.resolve("run");
    RunSummary summary = tiny.train(run, "val_dataloader=[]", "loop.stop_at=6");
    assertThat(summary.evalLoss()).isNull();
    assertThat(TinyRun.rows(run, "eval")).isEmpty();

    RunSummary resumed = TinyRun.resume(run, "loop.stop_at=12");
    assertThat(resumed.ending()).isEqualTo(RunSummary.Ending.FINISHED);
    assertThat(resumed.evalLoss()).isNull();
    assertThat(Checkpoints.open(run).config().orElseThrow().validationData()).isEmpty();
  }

  @Test
  void aResumedRunCountsWhatItsTimeIsOf() {
    Path run = folder.resolve("run");
    RunSummary first = tiny.train(run, "loop.stop_at=8");
    assertThat(first.firstStep()).isZero();
    assertThat(first.timedPositions()).isEqualTo(first.positions());
    RunSummary second = TinyRun.resume(run, "loop.stop_at=12");
    assertThat(second.firstStep()).isEqualTo(8);
    assertThat(second.positions()).isEqualTo(first.positions() / 8 * 12);
    assertThat(second.timedPositions()).isEqualTo(first.positions() / 8 * 4);
  }

  /** Makes the newest checkpoint one of a run with another seed, whole otherwise. */
  private static void giveAnotherSeed(Path run) throws IOException {
    Path checkpoint = Checkpoints.newestWhole(run).checkpoint().orElseThrow();
    Path state = checkpoint.resolve("state.json");
    String text = Files.readString(state);
    String changed = text.replaceFirst("\"seed\"\\s*:\\s*0", "\"seed\":7");
    assertThat(changed).isNotEqualTo(text);
    Files.writeString(state, changed);
    Manifests.rewrite(checkpoint);
  }
}
