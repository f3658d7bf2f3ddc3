package dev.filigree.zoo.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.filigree.config.ConfigException;
import dev.filigree.optim.AdamW;
import dev.filigree.sparsity.Execution;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RunConfigTest {
  private static final Path MODEL_ZOO = Path.of("src/test/resources/modelzoo-configs");

  static Path modelZoo(String name) {
    return MODEL_ZOO.resolve("params_" + name + ".yaml");
  }

  private static RunConfig parse(String yaml, String... overrides) {
    return RunConfig.parse(yaml, "run.yaml", List.of(overrides));
  }

  @Test
  void anEmptyConfigurationIsTheDefaultFile() {
    RunConfig file = RunConfig.read(Path.of("../configs/default.yaml"), List.of());
    assertThat(RunConfig.defaults(List.of())).isEqualTo(file);
    assertThat(parse("trainer:")).isEqualTo(file);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "gpt3_125m_rigl75",
        "gpt3_125m_set75",
        "gpt3_125m_static75",
        "gpt3_125m_sparsewide-ift_dense",
        "gpt3_125m_sparsewide-ift_rigl75",
        "gpt3_125m_sparsewide-ift_static50",
        "gpt3_6p7b_vspdf_phase1",
        "gpt3_6p7b_vspdf_phase2",
        "gpt3_6p7b_vspdf_dart",
        "llama2_7b"
      })
  void aModelZooFileIsReadAndItsYamlReadsBackEqual(String name) {
    RunConfig config = RunConfig.read(modelZoo(name), List.of());
    assertThat(RunConfig.parse(config.toYaml(), "back", List.of())).isEqualTo(config);
    assertThat(config.notes())
        .anySatisfy(note -> assertThat(note).contains("backend_type").contains("CSX"))
        .anySatisfy(note -> assertThat(note).contains("fp16_type").contains("bfloat16 instead"))
        .doesNotHaveDuplicates();
  }

  @Test
  void everyBlockOfAModelZooFileIsTaken() {
    RunConfig config = RunConfig.read(modelZoo("gpt3_125m_rigl75"), List.of());
    assertThat(config.optimizer())
        .isEqualTo(
            new OptimizerConfig(
                "AdamW", AdamW.options().betas(0.9, 0.95).eps(1e-8).weightDecay(0.1)));
    assertThat(config.precision())
        .isEqualTo(
            new PrecisionConfig(
                PrecisionConfig.Type.BFLOAT16, new PrecisionConfig.LossScaling.None(), 1.0, null));
    assertThat(config.loop().maxSteps()).isEqualTo(4778);
    assertThat(config.loop().evalFrequency()).isEqualTo(956);
    assertThat(config.loop().evalSteps()).isEqualTo(724);
    assertThat(config.checkpoint().steps()).isEqualTo(956);
    assertThat(config.logging().logSteps()).isEqualTo(50);
    assertThat(config.trainData().batchSize()).isEqualTo(256);
    assertThat(config.validationData()).containsOnlyKeys("");
    var learningRate = config.schedulers().schedules().learningRate().orElseThrow();
    assertThat(learningRate.at(716)).isEqualTo(6e-4);
    assertThat(learningRate.at(4778)).isEqualTo(6e-5);
  }

  @Test
  void aFileWithAModelSaysItselfWhetherItIsSparse() {
    assertThat(RunConfig.read(modelZoo("llama2_7b"), List.of()).sparsity()).isEmpty();
    assertThat(parse("trainer: {init: {loop: {max_steps: 50}}}").sparsity()).isPresent();
    assertThat(parse("trainer: {init: {sparsity: none}}").sparsity()).isEmpty();
  }

  @Test
  void theDefaultSchedulesFollowTheLengthOfTheRun() {
    RunConfig config = RunConfig.defaults(List.of("loop.max_steps=200"));
    var learningRate = config.schedulers().schedules().learningRate().orElseThrow();
    assertThat(learningRate.at(0)).isZero();
    assertThat(learningRate.at(10)).isEqualTo(learningRate.range(0, 200).max());
    assertThat(learningRate.at(200)).isCloseTo(learningRate.at(10) / 10, within(1e-12));
  }

  @Test
  void aStopBeforeTheEndLeavesTheSchedulesAlone() {
    RunConfig whole = RunConfig.defaults(List.of("loop.max_steps=200"));
    RunConfig stopped = RunConfig.defaults(List.of("loop.max_steps=200", "loop.stop_at=50"));
    assertThat(stopped.schedulers()).isEqualTo(whole.schedulers());
    assertThat(stopped.sparsity()).isEqualTo(whole.sparsity());
    assertThat(stopped.loop().lastStep()).isEqualTo(50);
  }

  @Test
  void anOverrideReachesMapsListsAndDefaults() {
    RunConfig config =
        RunConfig.defaults(
            List.of(
                "trainer.init.seed=7",
                "execution=masked",
                "sparsity.sparsity=0.9",
                "optimizer.AdamW.betas=[0.8, 0.9]",
                "schedulers.0.SequentialLR.schedulers.1.CosineDecayLR.end_learning_rate=1e-6",
                "train_dataloader.batch_size=4"));
    assertThat(config.seed()).isEqualTo(7);
    assertThat(config.execution()).isEqualTo(Execution.MASKED);
    assertThat(config.optimizer().options())
        .isEqualTo(AdamW.options().betas(0.8, 0.9).eps(1e-8).weightDecay(0.1));
    assertThat(config.schedulers().schedules().learningRate().orElseThrow().at(600))
        .isEqualTo(1e-6);
    assertThat(config.trainData().batchSize()).isEqualTo(4);
    assertThat(config.sparsity().orElseThrow().groups().getFirst().settings())
        .containsEntry("sparsity", 0.9)
        .containsEntry("init_method", "random");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          loop.max_step=5          | -s: trainer.init.loop.max_step: unknown key; did you mean max_steps? allowed here:
          loop.max_steps=0         | -s: trainer.init.loop.max_steps: must be greater than 0, found 0
          loop.max_steps=ten       | -s: trainer.init.loop.max_steps: expected an integer
          loop                     | -s loop: expected key.path=value
          loop.max_stesp=5         | did you mean max_steps?
          hidden_size=64           | -s: hidden_size: unknown key; did you mean model.hidden_size?
          hiden_size=64            | -s: hiden_size: unknown key; did you mean model.hidden_size?
          lop.max_steps=5          | -s: lop.max_steps: unknown key; did you mean loop.max_steps?
          CosineDecayLR.total_iters=5 | did you mean schedulers.0.SequentialLR.schedulers.1.CosineDecayLR.total_iters?
          train_dataloader={data_processor: GptHDF5MapDataProcessor, data_dir: jdk} | data_dir: jdk is text: give data_processor=TextDataProcessor
          bogus=1                  | -s: bogus: unknown key; allowed here: compare, filigree, trainer
          optimizer={Adum: {}}     | unknown optimizer 'Adum'; allowed: Adadelta, Adafactor
          optimizer.AdamW.lr=-1    | lr must be a number >= 0
          optimizer.AdamW.beta=[1] | trainer.init.optimizer.AdamW.beta: unknown key; did you mean betas? allowed here: amsgrad, betas
          optimizer.AdamW.betas=1  | expected two numbers, found 1
          optimizer.AdamW.correct_bias=false | false is not supported
          schedulers.1.X=2         | expected the index of a list item, 0 to 0
          execution=fast           | -s: trainer.init.execution: allowed: auto, masked, compressed
          device=tpu               | allowed: auto, cpu, cuda, cuda:1; found the text 'tpu'
          sparsity.algorithm=rigle | unknown algorithm 'rigle'
          precision.fp16_type=half | allowed: bfloat16, float16
          precision.max_gradient_value=2 | clip by norm or by value, not both
          callbacks=[{Lora: {}}]   | training adapters is not supported
          checkpoint.load_checkpoint_states=[model, step] | allowed: all, model, optimizer; found 'step'
          checkpoint.load_checkpoint_states=optimizer | must name model; found 'optimizer'
          callbacks=[{Foo: {}}]    | unknown callback; allowed: KeepNCheckpoints
          model.name=gpt17         | unknown model
          train_dataloader.batch_size=0 | batch_size
          seed={a: [               | not valid YAML
          """)
  void aBadOverrideIsOneLineThatNamesTheKey(String override, String message) {
    assertThatThrownBy(() -> RunConfig.defaults(List.of(override)))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining(message)
        .message()
        .doesNotContain("\n");
  }

  @Test
  void anErrorInAFileNamesItsLine() {
    String yaml =
        """
        trainer:
          init:
            loop:
              max_steps: 10
              evaluation_steps: 5
        """;
    assertThatThrownBy(() -> parse(yaml))
        .isInstanceOf(ConfigException.class)
        .hasMessageStartingWith(
            "run.yaml:5: trainer.init.loop.evaluation_steps: unknown key; allowed here:")
        .hasMessageContaining("eval_steps");
  }

  @Test
  void whatOnlyCerebrasHardwareHasIsNotedOnceEach() {
    RunConfig config =
        parse(
            """
            trainer:
              init:
                backend: {backend_type: CSX, cluster_config: {num_csx: 2}}
                precision: {fp16_type: cbfloat16, precision_opt_level: 1, loss_scaling_factor: dynamic}
                callbacks: [{ScopedTrainFlags: {a: 1}}, {KeepNCheckpoints: {n: 5}}]
            """);
    assertThat(config.checkpoint().keep()).isEqualTo(5);
    assertThat(config.notes())
        .hasSize(6)
        .anySatisfy(note -> assertThat(note).startsWith("run.yaml:3: ").contains("cluster_config"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          checkpoint: {}                                      | false | 0
          checkpoint: {load_checkpoint_states: model}         | false | 0
          checkpoint: {load_checkpoint_states: "model,optimizer"} | true | 0
          checkpoint: {load_checkpoint_states: [model, optimizer]} | true | 0
          checkpoint: {load_checkpoint_states: all}           | true | 1
          callbacks: [LoadCheckpointStates: {load_checkpoint_states: all}] | true | 1
          """)
  void theStatesThatAreLoadedAreTheModelZoos(String block, boolean optimizer, int notes) {
    RunConfig config = parse("trainer: {init: {" + block + "}, fit: {ckpt_path: runs/first}}");
    assertThat(config.checkpoint().loadOptimizerState()).isEqualTo(optimizer);
    assertThat(config.notes()).hasSize(notes);
    assertThat(config.initialCheckpoint()).contains(Path.of("runs/first"));
    assertThat(RunConfig.parse(config.toYaml(), "back", List.of())).isEqualTo(config);
    assertThat(RunPlan.of(config).text()).contains("start      from the weights of runs/first");
  }

  @Test
  void stepsFollowFromEpochs() {
    RunConfig config =
        parse("trainer: {init: {loop: {num_epochs: 3, steps_per_epoch: 40, eval_frequency: 0.5}}}");
    assertThat(config.loop().maxSteps()).isEqualTo(120);
    assertThat(config.loop().evalFrequency()).isEqualTo(60);
    assertThatThrownBy(() -> parse("trainer: {init: {loop: {num_epochs: 3}}}"))
        .hasMessageContaining("needs steps_per_epoch too");
  }

  @Test
  void severalValidationSetsHaveNames() {
    RunConfig config =
        parse(
            """
            trainer:
              fit:
                val_dataloader:
                  same: {batch_size: 2}
                  other: {batch_size: 3}
            """);
    assertThat(config.validationData()).containsOnlyKeys("same", "other");
    assertThat(RunConfig.parse(config.toYaml(), "back", List.of())).isEqualTo(config);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "SGD: {momentum: 0.9, nesterov: true, learning_rate: 0.1}",
        "Adam: {lr: 0.001, betas: [0.9, 0.98], amsgrad: true}",
        "Lion: {weight_decay: 0.3}",
        "Adafactor: {eps1: 1.0e-30}",
        "Muon:",
        "Lamb: {eps: 1.0e-7}"
      })
  void everyOptimizerReadsBackEqual(String optimizer) {
    RunConfig config = parse("trainer: {init: {optimizer: {" + optimizer + "}}}");
    assertThat(RunConfig.parse(config.toYaml(), "back", List.of())).isEqualTo(config);
  }

  @Test
  void loggersSwitchTheirFilesOn() {
    RunConfig config =
        parse(
            """
            trainer:
              init:
                loggers: [{TensorBoardLogger: {summary_dir: elsewhere}}, CSVLogger: ]
            """);
    assertThat(config.logging()).isEqualTo(new LoggingConfig(1, true, true, false));
    assertThat(config.notes())
        .contains(
            "run.yaml:3: trainer.init.loggers.0.TensorBoardLogger.summary_dir: left out: event"
                + " files go to events/ of the run directory");
    assertThat(parse(config.toYaml()).logging()).isEqualTo(config.logging());
    assertThat(RunConfig.defaults(List.of()).logging())
        .isEqualTo(new LoggingConfig(1, false, false, false));
  }

  @Test
  void earlyStoppingIsACallbackOrAKeyOfTheLoop() {
    RunConfig config =
        parse(
            """
            trainer:
              init:
                callbacks:
                - EarlyStopping: {monitor: val_loss, min_delta: 0.01, patience: 5, verbose: true}
            """);
    var expected = new EarlyStopConfig("loss", 0.01, 5, EarlyStopConfig.Mode.MIN);
    assertThat(config.loop().earlyStopping()).contains(expected);
    assertThat(parse(config.toYaml()).loop()).isEqualTo(config.loop());
    assertThat(RunConfig.defaults(List.of("loop.patience=2")).loop().earlyStopping())
        .contains(EarlyStopConfig.onLoss(2));
    assertThat(RunConfig.defaults(List.of()).loop().earlyStopping()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{monitor: accuracy} | allowed: loss, perplexity, bits_per_byte, found 'accuracy'",
        "{monitor: other/loss} | early stopping watches the set 'other'; the only set has no name",
        "{patience: 0} | must be greater than 0, found 0",
        "{min_delta: -1} | must be 0 or greater, found -1.0",
        "{mode: low} | allowed: min, max; found the text 'low'"
      })
  void aBadEarlyStoppingIsOneLine(String block, String message) {
    assertThatThrownBy(() -> RunConfig.defaults(List.of("loop.early_stopping=" + block)))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining(message);
  }
}
