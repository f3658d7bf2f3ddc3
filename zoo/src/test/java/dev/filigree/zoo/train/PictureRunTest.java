package dev.filigree.zoo.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.filigree.zoo.data.DataSources;
import dev.filigree.zoo.model.Model;
import dev.filigree.zoo.train.checkpoint.Checkpoints;
import dev.filigree.zoo.train.event.RunSummary;
import dev.filigree.zoo.train.event.Unit;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs of networks that see pictures. */
class PictureRunTest {
  private static final String MEAN = "resnet.embedder.embedder.normalization.running_mean";

  @TempDir private Path folder;
  private TinyPictures pictures;

  @BeforeEach
  void prepare() throws IOException {
    pictures = new TinyPictures(folder);
  }

  @Test
  void aResumedResNetEqualsOneThatNeverStoppedRunningAveragesIncluded() throws IOException {
    Path whole = folder.resolve("whole");
    Path resumed = folder.resolve("resumed");
    pictures.train(whole, TinyPictures.RESNET, "loop.max_steps=4");
    pictures.train(resumed, TinyPictures.RESNET, "loop.max_steps=4", "loop.stop_at=2");
    TinyRun.resume(resumed, "loop.stop_at=4");

    for (String file : List.of("model.safetensors", "training.safetensors")) {
      String path = "checkpoints/step-000004/" + file;
      assertThat(Files.mismatch(whole.resolve(path), resumed.resolve(path))).as(file).isEqualTo(-1);
    }
    assertThat(TinyRun.rows(resumed)).isEqualTo(TinyRun.rows(whole));
    startsWithTheAveragesOf(whole);
  }

  private void startsWithTheAveragesOf(Path run) {
    try (var _ = new PointerScope();
        var _ = new NoGradGuard();
        var session =
            new Session(pictures.config(TinyPictures.RESNET, "ckpt_path=" + run, "seed=1"))) {
      Map<String, Tensor> saved = Checkpoints.open(run).loadModel().tensors();
      Tensor mean = Objects.requireNonNull(saved.get(MEAN));
      assertThat(mean.ne(new Scalar(0)).all().item_bool()).isTrue();
      assertThat(session.tensors()).containsOnlyKeys(saved.keySet());
      assertThat(mean.equal(session.tensors().get(MEAN))).isTrue();
    }
  }

  @Test
  void aSkippedStepLeavesTheRunningAveragesAlone() {
    try (var session = new Session(pictures.config(TinyPictures.RESNET));
        var _ = new PointerScope()) {
      Tensor mean = Objects.requireNonNull(session.tensors().get(MEAN));
      Tensor before = mean.clone();
      try (var _ = new NoGradGuard()) {
        Objects.requireNonNull(session.parameters().get("classifier.1.bias"))
            .fill_(new Scalar(Double.NaN));
      }
      TrainingStep.Outcome outcome = new TrainingStep(session).make(0, false);
      assertThat(outcome.skipped()).isNotEmpty();
      assertThat(mean.equal(before)).isTrue();
    }
  }

  @Test
  void picturesAreCountedAsPicturesAndHaveAnAccuracy() throws IOException {
    Path run = folder.resolve("run");
    RunSummary summary = pictures.train(run, TinyPictures.MLP, "logging={csv: true}");

    assertThat(summary.unit()).isEqualTo(Unit.PICTURES);
    assertThat(summary.positions()).isEqualTo(6 * 5);
    assertThat(summary.accuracy()).isBetween(0.0, 1.0);
    assertThat(TinyRun.rows(run, "train").getFirst()).containsEntry("pictures", 5L);
    assertThat(TinyRun.rows(run, "eval").getLast())
        .containsEntry("accuracy", summary.accuracy())
        .doesNotContainKeys("perplexity", "tokens");
    assertThat(TinyRun.rows(run, "end").getFirst())
        .containsEntry("accuracy", summary.accuracy())
        .doesNotContainKeys("perplexity", "tokens");
    assertThat(Files.readAllLines(run.resolve("metrics.csv")).getFirst())
        .isEqualTo(
            "event,step,dataset,pictures,wall_seconds,loss,accuracy,lr,grad_norm,sparsity,"
                + "pictures_per_second,step_seconds,parameter,dropped,grown,kept,target_sparsity,"
                + "dead_rows,dead_columns,overlap_with_first,explored,training_flops,mean_density,"
                + "grad_norm_sparse,grad_norm_dense,age_mean,age_p10,age_median,age_p90");
    assertThat(Files.readString(run.resolve("report.html")))
        .contains("\"unit\":\"picture\"", "\"accuracy\":[")
        .doesNotContain("\"tokens\":");
  }

  @Test
  void theAccuracyIsTheShareOfPicturesWhoseClassIsTheLikeliest() throws IOException {
    var config = pictures.config(TinyPictures.MLP);
    Model model = config.model().config().create(0);
    // Only the bias of class 3 counts: of ten classes in turn, every tenth picture is one.
    try (var _ = new NoGradGuard()) {
      model.tensors().values().forEach(tensor -> tensor.zero_());
      Objects.requireNonNull(model.tensors().get("last_layer.bias"))
          .select(0, 3)
          .fill_(new Scalar(5.0));
    }
    var loader = DataSources.loader(Objects.requireNonNull(config.validationData().get("")));
    Evaluator.Result result = new Evaluator(model).evaluate(loader, 0);
    assertThat(result.positions()).isEqualTo(20);
    assertThat(result.accuracy()).isEqualTo(0.1);
    assertThat(result.loss())
        .isCloseTo(Math.log(9 + Math.exp(5)) - 0.1 * 5, org.assertj.core.data.Offset.offset(1e-5));
  }

  @Test
  void anEvaluationLeavesTheModelInTheModeItFound() throws IOException {
    var config = pictures.config(TinyPictures.MLP);
    Model model = config.model().config().create(0);
    var loader = DataSources.loader(Objects.requireNonNull(config.validationData().get("")));
    var modes = new ArrayList<Boolean>();
    for (boolean training : List.of(true, false)) {
      model.train(training);
      new Evaluator(model).evaluate(loader, 1);
      modes.add(model.is_training());
    }
    Model other =
        pictures.config(TinyPictures.MLP.replace("3072", "100")).model().config().create(0);
    other.train(true);
    assertThatThrownBy(() -> new Evaluator(other).evaluate(loader, 1))
        .isInstanceOf(RuntimeException.class);
    modes.add(other.is_training());
    assertThat(modes).containsExactly(true, false, true);
  }
}
