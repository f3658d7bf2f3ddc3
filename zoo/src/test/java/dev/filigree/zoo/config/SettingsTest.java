package dev.filigree.zoo.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.filigree.config.ConfigException;
import dev.filigree.optim.SGD;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is given has an effect, is refused, or is said to have none. */
class SettingsTest {
  private static final String MODEL =
      "model: {name: mlp, input_size: 784, hidden_sizes: [4], num_classes: 10}";

  /** A run that names its model. */
  private static RunConfig file(String init, String fit, String... overrides) {
    return RunConfig.parse(
        "trainer:\n  init:\n    " + MODEL + "\n" + init.indent(4) + "  fit:\n" + fit.indent(4),
        "run.yaml",
        List.of(overrides));
  }

  private static RunConfig run(String... overrides) {
    return RunConfig.defaults(List.of(overrides));
  }

  private static List<Double> rates(RunConfig config) {
    var schedule = config.schedulers().schedules().learningRate();
    double own = config.optimizer().options().lr();
    return List.of(
        schedule.map(each -> each.at(0)).orElse(own),
        schedule.map(each -> each.at(100)).orElse(own));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "optimizer={SGD: {lr: 0.01}}",
        "optimizer={SGD: {learning_rate: 0.01}}",
        "optimizer={sgd: {lr: 0.01, momentum: 0.9}}",
        "optimizer.AdamW.lr=0.01",
        "optimizer.AdamW.learning_rate=0.01",
      })
  void aLearningRateThatIsGivenIsTheLearningRate(String override) {
    RunConfig config = run(override);
    assertThat(rates(config)).containsExactly(0.01, 0.01);
    assertThat(RunPlan.of(config).text()).contains("\nrate       0.01\n");
    RunConfig back = RunConfig.parse(config.toYaml(), "config.yaml", List.of());
    assertThat(back).isEqualTo(config);
    assertThat(rates(back)).containsExactly(0.01, 0.01);
  }

  @Test
  void withoutSchedulersTheOptimizersOwnRateStands() {
    assertThat(rates(run("schedulers=", "optimizer={SGD: {}}"))).containsExactly(1e-3, 1e-3);
    assertThat(rates(run("schedulers=[]", "optimizer={SGD: {lr: 0.5}}"))).containsExactly(0.5, 0.5);
    assertThat(rates(run("schedulers=0.25", "optimizer={SGD: {}}"))).containsExactly(0.25, 0.25);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "optimizer={SGD: {lr: 0.01}} | schedulers=0.5 | SGD.lr: would have no effect: schedulers "
            + "set the learning rate",
        "optimizer={SGD: {weight_decay: 0.1}} | schedulers=[{ConstantWD: {val: 0.2}}] | "
            + "weight_decay: would have no effect: schedulers set the weight decay",
        "optimizer={Rprop: {}} | schedulers=[{LinearLR: {initial_learning_rate: 1, "
            + "end_learning_rate: 0, total_iters: 9}}] | Rprop takes the learning rate of the first",
        "optimizer={SGD: {lr: 0.1, learning_rate: 0.2}} | seed=0 | is another name for",
      })
  void aRateThatWouldHaveNoEffectIsRefused(String first, String second, String message) {
    assertThatThrownBy(() -> run(first, second))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining(message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "optimizer={SGD: {lr: 0.01}} | schedulers=0.01",
        "optimizer={SGD: {learning_rate: 0.01}} | schedulers=[{ConstantLR: {learning_rate: 0.01}}]",
      })
  void aRateThatIsGivenTwiceIsTakenOnce(String optimizer, String schedulers) {
    assertThat(rates(run(optimizer, schedulers))).containsExactly(0.01, 0.01);
  }

  @Test
  void aRateBesideSchedulesOfOtherParametersIsTheRateOfTheRest() {
    RunConfig config =
        run(
            "optimizer={AdamW: {lr: 0.5, params: [{params: '*.q_proj.weight', tag: queries}]}}",
            "schedulers=[{ConstantLR: {learning_rate: 0.25, param_group_tags: queries}}]");
    assertThat(rates(config)).containsExactly(0.5, 0.5);
    assertThat(RunConfig.parse(config.toYaml(), "back", List.of())).isEqualTo(config);
  }

  @Test
  void theResolvedConfigurationNamesNoRateWithoutEffect() {
    assertThat(run().toYaml()).doesNotContain(" learning_rate:");
    assertThat(run("optimizer={AdamW: {}}", "schedulers=[{ConstantWD: {val: 0.2}}]").toYaml())
        .doesNotContain("weight_decay:")
        .contains(" learning_rate:");
  }

  @Test
  void anOverrideTakesThePlaceOfTheOtherName() {
    RunConfig config =
        file(
            "optimizer: {SGD: {learning_rate: 0.1}}",
            "train_dataloader: {data_processor: MnistDataProcessor, data_dir: mnist}",
            "optimizer.SGD.lr=0.2");
    assertThat(config.optimizer().options()).isEqualTo(SGD.options().lr(0.2));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        // Files have no part for validation: none, and a line about it.
        "{data_processor: GptHDF5MapDataProcessor, data_dir: a} | | none | no val_dataloader",
        "{data_processor: GptHDF5DataProcessor, data_dir: a} | | none | no val_dataloader",
        "{data_processor: TextDataProcessor, data_dir: a, split: all} | | none | no val_dataloader",
        "{data_dir: a, validation_fraction: 0} | | none | no val_dataloader",
        "{data_processor: MnistDataProcessor, data_dir: a, split: validation} | | none | no val_",
        "{data_dir: a} | [] | none |",
        // A part is held out, or the data have files for it.
        "{data_processor: TextDataProcessor, data_dir: a} | | validation part of a |",
        "{data_processor: MnistDataProcessor, data_dir: a} | | validation part of a |",
        "{data_processor: Cifar10DataProcessor, data_dir: a} | | validation part of a |",
        "{data_processor: GptHDF5MapDataProcessor, data_dir: a} | {data_dir: b} | of b |",
        // Training data validate, with a line about it.
        "{data_processor: GptHDF5MapDataProcessor, data_dir: a} | {batch_size: 2} | of a | "
            + "validates on training data: a",
        "{data_processor: GptHDF5MapDataProcessor, data_dir: [a, b]} | {data_dir: ./b/} | of ./b/ "
            + "| validates on training data: ./b/",
        "{data_processor: GptHDF5MapDataProcessor, data_dir: a} | {data_processor: "
            + "GptHDF5DataProcessor, data_dir: a} | of a | validates on training data: a",
        "{data_dir: a} | {split: all} | all part of a | validates on training data: a",
        "{data_dir: a} | {split: train} | train part of a | validates on training data: a",
        "{data_dir: a} | {validation_fraction: 0.5} | of a | validates on training data: a",
        "{data_processor: MnistDataProcessor, data_dir: a} | {split: train} | of a | validates on",
        // A folder in another one.
        "{data_dir: a} | {data_dir: a/b} | of a/b | validates on training data: a/b",
        "{data_dir: [c, a/b]} | {data_dir: a} | of a | validates on training data: a",
        "{data_dir: a, glob: '**.txt'} | {data_dir: a/b} | of a/b | validates on training data: a/b",
        "{data_dir: a, glob: '*.txt'} | {data_dir: a/b} | of a/b |",
        "{data_dir: a} | {data_dir: ab} | of ab |",
        "{data_dir: .} | {data_dir: jdk} | of jdk |",
      })
  void trainingDataNeverValidateWithoutAWord(
      String train, String validation, String plan, String note) {
    RunConfig config =
        file(
            "loop: {eval_frequency: 10}",
            "train_dataloader: "
                + train
                + (validation == null ? "" : "\nval_dataloader: " + validation));
    assertThat(RunPlan.of(config).validation()).contains(plan);
    List<String> about = config.notes().stream().filter(each -> each.contains("validat")).toList();
    if (note == null) {
      assertThat(about).isEmpty();
    } else {
      assertThat(about).hasSize(1).first().asString().contains(note);
    }
    RunConfig back = RunConfig.parse(config.toYaml(), "config.yaml", List.of());
    assertThat(back).isEqualTo(config);
  }

  @Test
  void defaultsThatTheModelZooDoesNotShareAreSaidInOneLine() {
    String mnist = "train_dataloader: {data_processor: MnistDataProcessor, data_dir: mnist}";
    assertThat(file("checkpoint: {steps: 100}", mnist).notes())
        .containsExactly(
            "run.yaml: left to defaults that are not the Model Zoo's: precision.max_gradient_norm"
                + " 1.0 (there none), schedulers: a warm-up and a cosine (there the optimizer's"
                + " rate, constant), loop.eval_frequency 100 (there once, at the end),"
                + " loop.eval_steps 20 (there all batches), checkpoint.keep 3 (there all),"
                + " train_dataloader.shuffle true (there false)");
    assertThat(
            file(
                    """
                    optimizer: {SGD: {lr: 0.1}}
                    precision: {enabled: false}
                    loop: {eval_frequency: 10, eval_steps: 2}
                    """,
                    mnist.replace("mnist}", "mnist, shuffle: false}"))
                .notes())
        .isEmpty();
    assertThat(run().notes()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "precision={enabled: true, loss_scaling_factor: 8} | loss_scaling_factor: bfloat16 has",
        "precision={enabled: false, loss_scaling_factor: 8} | loss_scaling_factor: float32 needs",
        "precision={enabled: false, loss_scaling_factor: dynamic} | float32 needs no loss scale",
        "precision={enabled: true, initial_loss_scale: 8} | initial_loss_scale: without effect",
        "precision={enabled: true, steps_per_increase: 8} | steps_per_increase: without effect",
        "sparsity={algorithm: static, sparsity: 0.5, update: {freq: 2}} | sparsity.update: without",
        "sparsity={algorithm: static, sparsity: 0.5, drop_fraction: 0.3} | drop_fraction: without",
        "sparsity={algorithm: gmp, sparsity: {type: cubic, init_sparsity: 0, end_sparsity: 0.5, "
            + "sparsity_start_step: 0, sparsity_end_step: 9, prune_every_k_steps: 3}, "
            + "drop_fraction: 0.3} | drop_fraction: without effect: gmp drops what",
        "sparsity={algorithm: rigl, sparsity: 0.5, init_method: topk, update: {freq: 2, start: 2}} "
            + "| init_method: without effect: the first mask is made at update.start",
        "val_dataloader={shuffle: true} | shuffle: without effect",
        "val_dataloader={micro_batch_size: 2} | micro_batch_size: without effect",
        "val_dataloader={data_processor: GptHDF5MapDataProcessor, data_dir: a, split: validation} "
            + "| split: without effect",
        "val_dataloader={data_processor: MnistDataProcessor, data_dir: a, tokenizer: gpt2} "
            + "| tokenizer: without effect",
        "trainer.validate={val_dataloader: {data_dir: a}} | validate: left out",
      })
  void whatHasNoEffectIsSaid(String override, String note) {
    assertThat(run(override).notes()).hasSize(1).first().asString().contains(note);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "loop={num_steps: 10, max_steps: 20} | give one length of the run, found steps "
            + "{num_steps=10, max_steps=20}",
        "loop={num_epochs: 2, steps_per_epoch: 5, max_steps: 20} | found steps {max_steps=20, "
            + "num_epochs=10}",
        "loop={max_steps: 10, steps_per_epoch: 5} | steps_per_epoch: has no effect without",
        "loop={patience: 2, eval_frequency: 0} | there are none: eval_frequency is 0",
        "callbacks=[{KeepNCheckpoints: {n: 2, m: 3}}] | m: unknown key",
        "callbacks=[{LoadCheckpointStates: {load_checkpoint_states: model, a: 1}}] | a: unknown",
        "train_dataloader.drop_last=true | drop_last: unknown key",
        "train_dataloader.repeat=false | repeat: unknown key",
        "init_state=a | init_state: unknown key",
      })
  void whatWouldHaveNoEffectIsRefused(String override, String message) {
    assertThatThrownBy(() -> run(override))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining(message);
  }

  @Test
  void aKeyIsGivenByTheBlockOrByACallback() {
    assertThatThrownBy(() -> run("checkpoint.keep=2", "callbacks=[{KeepNCheckpoints: {n: 3}}]"))
        .hasMessageContaining("the block checkpoint says it too: give one");
    assertThatThrownBy(() -> run("loop.patience=2", "callbacks=[{EarlyStopping: {}}]"))
        .hasMessageContaining("the block loop has early stopping of its own: give one");
    assertThatThrownBy(() -> run("loop.patience=2", "val_dataloader=[]"))
        .hasMessageContaining("there are none: the run has no val_dataloader");
  }

  @Test
  void itIsDecidedForEverySettingWhatAResumeMakesOfIt() {
    RunConfig config =
        run(
            "model_dir=a",
            "ckpt_path=b",
            "loop={max_steps: 9, stop_at: 5, patience: 2, eval_frequency: 3}",
            "precision={fp16_type: float16, loss_scaling_factor: dynamic, max_gradient_norm: 1}",
            "train_dataloader={glob: '*.txt', micro_batch_size: 2, cache_dir: c}");
    assertThat(ResumedSettings.settings(config).keySet())
        .hasSizeGreaterThan(60)
        .allMatch(ResumedSettings::isDecided);
  }
}
