package dev.filigree.zoo.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.filigree.config.ConfigException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The families that users of the Model Zoo train: every size gives a plan with the published number
 * of parameters, every option a plan or one line that says what is missing.
 */
class ModelFamiliesTest {
  /** The keys that all GPT-3 and Cerebras-GPT files have. */
  private static final String GPT =
      """
      trainer:
        init:
          backend: {backend_type: CSX}
          model:
            name: gpt3
            hidden_size: 768
            position_embedding_type: learned
            share_embedding_weights: true
            max_position_embeddings: 2048
            vocab_size: 50257
            num_hidden_layers: 12
            dropout_rate: 0.0
            layer_norm_epsilon: 1.0e-05
            num_heads: 12
            attention_type: scaled_dot_product
            attention_dropout_rate: 0.0
            use_projection_bias_in_attention: true
            use_ffn_bias_in_attention: true
            filter_size: 3072
            nonlinearity: gelu
            use_ffn_bias: true
            initializer: {name: truncated_normal, mean: 0.0, std: 0.02, a: -0.04, b: 0.04}
            loss_scaling: batch_size
            loss_weight: 0.00048828125
            use_bias_in_output: false
          optimizer: {AdamW: {betas: [0.9, 0.95], eps: 1.0e-08, weight_decay: 0.1, correct_bias: true}}
          schedulers:
          - SequentialLR:
              schedulers:
              - LinearLR: {initial_learning_rate: 0.0, end_learning_rate: 0.006, total_iters: 100}
              - LinearLR: {initial_learning_rate: 0.006, end_learning_rate: 0.0006, total_iters: 900}
          precision: {enabled: true, fp16_type: bfloat16, precision_opt_level: 0, max_gradient_norm: 1.0}
          loop: {max_steps: 1000, eval_frequency: 100, eval_steps: 10}
          checkpoint: {steps: 100, save_initial_checkpoint: false}
          callbacks: [ComputeNorm: {}]
        fit:
          train_dataloader: &data {data_processor: GptHDF5DataProcessor, data_dir: [./a, ./b],
            batch_size: 120, shuffle: true, shuffle_seed: 0, num_workers: 1}
          val_dataloader: *data
        validate: {val_dataloader: *data}
        validate_all: {val_dataloaders: *data}
      """;

  /** The keys that all Llama, Code Llama and Mistral files have. */
  private static final String LLAMA =
      """
      trainer:
        init:
          seed: 1
          model:
            name: llama
            vocab_size: 32000
            hidden_size: 4096
            position_embedding_type: rotary
            rotary_dim: 128
            share_embedding_weights: false
            max_position_embeddings: 4096
            embedding_dropout_rate: 0.0
            embedding_layer_norm: false
            num_hidden_layers: 32
            dropout_rate: 0.0
            layer_norm_epsilon: 1.0e-05
            norm_type: rmsnorm
            num_heads: 32
            attention_type: scaled_dot_product
            attention_dropout_rate: 0.0
            use_projection_bias_in_attention: false
            use_ffn_bias_in_attention: false
            filter_size: 11008
            nonlinearity: swiglu
            use_ffn_bias: false
            use_bias_in_output: false
            loss_scaling: num_tokens
            loss_weight: 1.0
            initializer_range: 0.02
            mixed_precision: true
            fp16_type: cbfloat16
          optimizer: {AdamW: {betas: [0.9, 0.95], correct_bias: true, weight_decay: 0.1}}
          schedulers:
          - SequentialLR:
              schedulers:
              - CosineDecayLR: {initial_learning_rate: 0, end_learning_rate: 0.0003, total_iters: 34}
              - CosineDecayLR: {initial_learning_rate: 0.0003, end_learning_rate: 3.0e-05, total_iters: 666}
          precision: {enabled: true, fp16_type: cbfloat16, loss_scaling_factor: dynamic,
            initial_loss_scale: 2147483648.0, max_loss_scale: 2147483648.0, max_gradient_norm: 1.0}
          loop: {max_steps: 700, eval_steps: 10}
          checkpoint: {steps: 70, disable_strict_checkpoint_loading: true}
          callbacks:
          - GlobalFlags: {csx.debug.compile_crd_memory_gi: 67}
          - ScopedTrainFlags: {csx.performance.micro_batch_size: 8}
          - ScopedValidateFlags: {csx.performance.micro_batch_size: 8}
          - LoadCheckpointStates: {load_checkpoint_states: model}
        fit:
          train_dataloader: &data {data_processor: GptHDF5MapDataProcessor, data_dir: ./train,
            vocab_size: 32000, batch_size: 16, shuffle: false, num_workers: 8}
          val_dataloader: *data
      """;

  private static RunConfig read(String family, String changes) {
    var overrides = new ArrayList<String>();
    for (String change : changes.split(";", -1)) {
      if (!change.isBlank()) {
        boolean ofTheModel = !change.split("=", 2)[0].contains(".");
        overrides.add((ofTheModel ? "model." : "") + change.strip());
      }
    }
    return RunConfig.parse(family.equals("gpt") ? GPT : LLAMA, "run.yaml", overrides);
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          GPT-2 small       | gpt | 124439808    | name=gpt2; max_position_embeddings=1024
          GPT-2 medium      | gpt | 354823168    | name=gpt2; max_position_embeddings=1024; hidden_size=1024; num_hidden_layers=24; num_heads=16; filter_size=4096
          GPT-2 large       | gpt | 774030080    | name=gpt2; max_position_embeddings=1024; hidden_size=1280; num_hidden_layers=36; num_heads=20; filter_size=5120
          GPT-2 XL          | gpt | 1557611200   | name=gpt2; max_position_embeddings=1024; hidden_size=1600; num_hidden_layers=48; num_heads=25; filter_size=6400
          GPT-3 125M        | gpt | 125226240    |
          GPT-3 350M        | gpt | 355871744    | hidden_size=1024; num_hidden_layers=24; num_heads=16; filter_size=4096
          GPT-3 760M        | gpt | 760300032    | hidden_size=1536; num_hidden_layers=24; num_heads=16; filter_size=6144
          GPT-3 XL          | gpt | 1315723264   | hidden_size=2048; num_hidden_layers=24; num_heads=16; filter_size=8192
          GPT-3 XL untied   | gpt | 1418649600   | hidden_size=2048; num_hidden_layers=24; num_heads=16; filter_size=8192; share_embedding_weights=false
          GPT-3 13B         | gpt | 12853386240  | hidden_size=5120; num_hidden_layers=40; num_heads=40; filter_size=20480
          GPT-3 20B         | gpt | 20256221184  | hidden_size=6144; num_hidden_layers=44; num_heads=64; filter_size=24576
          GPT-3 175B        | gpt | 174604259328 | hidden_size=12288; num_hidden_layers=96; num_heads=96; filter_size=49152
          Cerebras-GPT 111M | gpt | 111050496    | num_hidden_layers=10
          Cerebras-GPT 256M | gpt | 255977024    | hidden_size=1088; num_hidden_layers=14; num_heads=17; filter_size=4352
          Cerebras-GPT 590M | gpt | 590310912    | hidden_size=1536; num_hidden_layers=18; num_heads=12; filter_size=6144
          Cerebras-GPT 2.7B | gpt | 2651553280   | hidden_size=2560; num_hidden_layers=32; num_heads=32; filter_size=10240
          Cerebras-GPT 6.7B | gpt | 6658404352   | hidden_size=4096; num_hidden_layers=32; num_heads=32; filter_size=16384
          muP 40M           | gpt | 32344832     | hidden_size=256; num_hidden_layers=24; num_heads=4; filter_size=1024; mup_base_hidden_size=256; mup_base_filter_size=1024; output_logits_alpha=1.0; embeddings_scale=10.0; scale_qk_dot_by_d=true
          muP 111M          | gpt | 111050496    | num_hidden_layers=10; mup_base_hidden_size=256; mup_base_filter_size=1024; embeddings_scale=10; scale_qk_dot_by_d=true; output_logits_alpha=1.0
          muP 2.7B          | gpt | 2651553280   | hidden_size=2560; num_hidden_layers=32; num_heads=32; filter_size=10240; mup_base_hidden_size=256; mup_base_filter_size=1024; embeddings_scale=10; scale_qk_dot_by_d=true
          Llama 7B          | llama | 6738415616   | max_position_embeddings=2048; layer_norm_epsilon=1.0e-6
          Llama 33B         | llama | 32528943616  | hidden_size=6656; num_hidden_layers=60; num_heads=52; filter_size=17920
          Llama 2 13B       | llama | 13015864320  | hidden_size=5120; num_hidden_layers=40; num_heads=40; filter_size=13824
          Llama 2 70B       | llama | 68976648192  | hidden_size=8192; num_hidden_layers=80; num_heads=64; filter_size=28672; attention_module=multiquery_attention; extra_attention_params={num_kv_groups: 8}
          Code Llama 7B     | llama | 6738546688   | vocab_size=32016; rope_theta=1000000; max_position_embeddings=16384
          Code Llama 13B    | llama | 13016028160  | vocab_size=32016; rope_theta=1000000; hidden_size=5120; num_hidden_layers=40; num_heads=40; filter_size=13824
          Code Llama 34B    | llama | 33743970304  | rope_theta=1000000; hidden_size=8192; num_hidden_layers=48; num_heads=64; filter_size=22016; attention_module=multiquery_attention; extra_attention_params={num_kv_groups: 8}
          Code Llama 70B    | llama | 68976910336  | vocab_size=32016; rope_theta=1000000; hidden_size=8192; num_hidden_layers=80; num_heads=64; filter_size=28672; attention_module=multiquery_attention; extra_attention_params={num_kv_groups: 8}
          Llama 3 8B        | llama | 8030261248   | vocab_size=128256; rope_theta=500000.0; pos_scaling_factor=1.0; filter_size=14336; attention_module=multiquery_attention; extra_attention_params={num_kv_groups: 8}
          Llama 3.1 8B      | llama | 8030261248   | vocab_size=128256; rope_theta=500000.0; max_position_embeddings=131072; pos_scaling_type=llama3; pos_scaling_factor=8.0; pos_scaling_extra_args={low_freq_factor: 1.0, high_freq_factor: 4.0, original_max_position_embeddings: 8192}; filter_size=14336; attention_module=multiquery_attention; extra_attention_params={num_kv_groups: 8}
          Llama 3.1 70B     | llama | 70553706496  | vocab_size=128256; hidden_size=8192; num_hidden_layers=80; num_heads=64; filter_size=28672; pos_scaling_type=llama3; pos_scaling_factor=8.0; attention_module=multiquery_attention; extra_attention_params={num_kv_groups: 8}
          Llama 3.1 405B    | llama | 405853388800 | vocab_size=128256; hidden_size=16384; num_hidden_layers=126; num_heads=128; filter_size=53248; pos_scaling_type=llama3; pos_scaling_factor=8.0; attention_module=multiquery_attention; extra_attention_params={num_kv_groups: 8}
          Llama 3.2 1B      | llama | 1235814400   | vocab_size=128256; share_embedding_weights=true; hidden_size=2048; rotary_dim=64; num_hidden_layers=16; filter_size=8192; pos_scaling_type=llama3; pos_scaling_factor=32.0; attention_module=multiquery_attention; extra_attention_params={num_kv_groups: 8}
          Llama 3.2 3B      | llama | 3212749824   | vocab_size=128256; share_embedding_weights=true; hidden_size=3072; num_heads=24; num_hidden_layers=28; filter_size=8192; pos_scaling_type=llama3; pos_scaling_factor=32.0; attention_module=multiquery_attention; extra_attention_params={num_kv_groups: 8}
          Mistral 7B        | llama | 7241732096   | name=mistral; max_position_embeddings=131072; filter_size=14336; attention_sliding_window_length=4096; attention_module=multiquery_attention; extra_attention_params={num_kv_groups: 8}
          Llama 2 1.3B      | llama | 1345423360   | hidden_size=2048; num_hidden_layers=24; num_heads=16; filter_size=5504; max_position_embeddings=2048
          """)
  void theParametersAreThosePublished(String name, String family, long parameters, String changes) {
    RunPlan dense = RunPlan.of(read(family, changes == null ? "" : changes));
    assertThat(dense.parameters()).isEqualTo(parameters);
    assertThat(dense.sparseParameters()).isZero();

    RunPlan sparse =
        RunPlan.of(
            read(family, (changes == null ? "" : changes + ";") + "trainer.init.sparsity=0.75"));
    assertThat(sparse.parameters()).isEqualTo(parameters);
    assertThat(sparse.layers().stream().filter(RunPlan.Layer::isSparse))
        .isNotEmpty()
        .allSatisfy(layer -> assertThat(layer.kept()).isEqualTo(layer.size() / 4))
        .allSatisfy(
            layer -> assertThat(layer.name()).matches(".*\\.(attn|self_attn|mlp)\\..*weight"));
    int matrices = family.equals("gpt") ? 6 : 7;
    assertThat(sparse.layers().stream().filter(RunPlan.Layer::isSparse).count() % matrices)
        .isZero();
  }

  @Test
  void notesAreOneForEachKeyThatIsMappedOrLeftOut() {
    List<String> notes = read("llama", "").notes();
    assertThat(notes).doesNotHaveDuplicates();
    for (String key :
        List.of(
            "GlobalFlags",
            "ScopedTrainFlags",
            "ScopedValidateFlags",
            "fp16_type",
            "loss_scaling_factor",
            "max_loss_scale",
            "disable_strict_checkpoint_loading",
            "mixed_precision",
            "train_dataloader.vocab_size",
            "train_dataloader.num_workers")) {
      assertThat(notes).as(key).anySatisfy(note -> assertThat(note).contains(key + ": "));
    }
    assertThat(read("gpt", "").notes())
        .anySatisfy(note -> assertThat(note).contains("loss_scaling: the loss is the mean over"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          [{LinearLR: {initial_learning_rate: 0.0, end_learning_rate: 7.5e-5, total_iters: 100}}]       | 0 | 7.5e-5 | 7.5e-5
          [{CosineDecayLR: {initial_learning_rate: 1.0e-3, end_learning_rate: 1.0e-4, total_iters: 100}}] | 1.0e-3 | 1.0e-4 | 1.0e-4
          [{ConstantLR: {learning_rate: 2.0e-4}}]                                                         | 2.0e-4 | 2.0e-4 | 2.0e-4
          [{SequentialLR: {schedulers: [{LinearLR: {initial_learning_rate: 0, end_learning_rate: 1.0e-2, total_iters: 50}}, {LinearLR: {initial_learning_rate: 1.0e-2, end_learning_rate: 0.0, total_iters: 50}}]}}] | 0 | 0 | 0
          [{SequentialLR: {schedulers: [{CosineDecayLR: {initial_learning_rate: 0, end_learning_rate: 3.0e-4, total_iters: 100}}, {CosineDecayLR: {initial_learning_rate: 3.0e-4, end_learning_rate: 3.0e-5, total_iters: 100}}]}}] | 0 | 3.0e-4 | 3.0e-5
          [{PiecewiseConstantLR: {learning_rates: [1.0e-3, 1.0e-4], milestones: [150]}}]                  | 1.0e-3 | 1.0e-3 | 1.0e-4
          """)
  void schedulesOfTheFamiliesGiveTheirRates(
      String schedulers, double atZero, double atHundred, double atTwoHundred) {
    var rate =
        read("gpt", "trainer.init.schedulers=" + schedulers)
            .schedulers()
            .schedules()
            .learningRate()
            .orElseThrow();
    assertThat(rate.at(0)).isCloseTo(atZero, within(1e-12));
    assertThat(rate.at(100)).isCloseTo(atHundred, within(1e-12));
    assertThat(rate.at(200)).isCloseTo(atTwoHundred, within(1e-12));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          llama | attention_sink_tokens=512            | -s: trainer.init.model.attention_sink_tokens: is not supported; leave it out
          llama | attention_module=multilatent_attention | -s: trainer.init.model.attention_module: the text 'multilatent_attention' is not supported; supported is aiayn_attention, multiquery_attention
          llama | pos_scaling_type=yarn                | pos_scaling_type: the text 'yarn' is not supported; supported is linear, llama3
          llama | moe_params={num_experts: 8}          | moe_params: is not supported; leave it out
          llama | rotary_dim=64                        | rotary_dim: the whole head rotates: 128, found 64
          llama | use_bias_in_output=true              | use_bias_in_output: is not supported; leave it out
          llama | position_embedding_type=alibi        | position_embedding_type: the text 'alibi' is not supported; supported is rotary
          llama | sliding_window_every_other_decoder_layer=true | sliding_window_every_other_decoder_layer: is not supported
          llama | scale_qk_dot_by_d=true               | scale_qk_dot_by_d: muP and unscaled attention are supported for gpt2 and gpt3 only
          llama | name=                                | trainer.init.model: 'name' is missing
          llama | name=mixtral                         | name: unknown model 'mixtral'; allowed:
          gpt   | attention_sliding_window_length=128  | attention_sliding_window_length
          gpt   | position_embedding_type=rotary       | position_embedding_type: the text 'rotary' is not supported; supported is learned
          gpt   | norm_type=rmsnorm                    | norm_type: the text 'rmsnorm' is not supported; supported is layernorm
          gpt   | nonlinearity=swiglu                  | nonlinearity
          gpt   | attention_module=multiquery_attention; extra_attention_params={num_kv_groups: 1} | grouped-query attention is supported for llama and mistral only
          gpt   | train_dataloader.data_transforms=[{name: add_sink_tokens}] | train_dataloader.data_transforms: unknown key
          gpt   | train_dataloader.data_processor=HuggingFaceDataProcessor | unknown data_processor 'HuggingFaceDataProcessor'; allowed:
          gpt   | trainer.init.optimizer.AdamW.correct_bias=false | correct_bias: false is not supported
          gpt   | trainer.init.callbacks=[{Lora: {r: 8}}] | training adapters is not supported
          """)
  void whatIsMissingIsOneLineWithItsPlace(String family, String changes, String message) {
    assertThatThrownBy(() -> RunPlan.of(read(family, changes)))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining(message)
        .message()
        .doesNotContain("\n");
  }

  @Test
  void theNameOfAnOptimizerIsReadInAnyCase() {
    RunConfig config = read("gpt", "trainer.init.optimizer={adamw: {weight_decay: 0.01}}");
    assertThat(config.optimizer().name()).isEqualTo("AdamW");
  }

  @Test
  void aFileOfTheLayoutBeforeIsNamedAsOne() {
    assertThatThrownBy(
            () ->
                RunConfig.parse(
                    "train_input: {batch_size: 2}\nmodel: {vocab_size: 8}\nrunconfig: {seed: 1}",
                    "old.yaml",
                    List.of()))
        .isInstanceOf(ConfigException.class)
        .hasMessage(
            "old.yaml:1: train_input: the layout of the Model Zoo before 2.3; model, optimizer and"
                + " runconfig go below trainer.init, train_input is trainer.fit.train_dataloader");
    assertThatThrownBy(() -> RunConfig.parse("trainer: [{init: {}}]", "phases.yaml", List.of()))
        .hasMessage(
            "phases.yaml:1: trainer: a list of runs: give each a file of its own, the later ones"
                + " with ckpt_path");
  }

  /** All that the file for MNIST of the Model Zoo 2.10 says. */
  @Test
  void theMnistFileOfTheModelZooHasAPlanAndNotes() {
    RunConfig config =
        RunConfig.parse(
            """
            trainer:
              init:
                model_dir: ./model_dir
                seed: 1
                model: {name: fc_mnist, depth: 10, hidden_size: 50, dropout: 0.0, activation_fn: relu,
                  to_float16: false}
                optimizer: {SGD: {learning_rate: 0.001, momentum: 0.0}}
                precision: {enabled: true, loss_scaling_factor: 1.0}
                loop: {max_steps: 1000, eval_frequency: 10000000}
                checkpoint: {steps: 10000000}
                logging: {log_steps: 50}
                schedulers: [ConstantLR: {learning_rate: 0.001}]
              fit:
                train_dataloader: {data_processor: MNISTDataProcessor, data_dir: ./mnist,
                  batch_size: 4, drop_last_batch: true, to_float16: true, shuffle: true, split: train}
                val_dataloader: &val {data_processor: MNISTDataProcessor, data_dir: ./mnist,
                  batch_size: 4, drop_last_batch: true, shuffle: false, split: val}
              validate: {val_dataloader: *val}
              validate_all: {val_dataloaders: *val}
            """,
            "params.yaml",
            List.of());
    // 784 · 50 + 9 · 50 · 50 + 50 · 10 weights, 10 · 50 + 10 biases
    assertThat(RunPlan.of(config).parameters()).isEqualTo(62_710);
    assertThat(config.notes())
        .anySatisfy(note -> assertThat(note).contains("model.to_float16"))
        .anySatisfy(note -> assertThat(note).contains("train_dataloader.to_float16"))
        .anySatisfy(note -> assertThat(note).contains("train_dataloader.drop_last_batch"))
        .anySatisfy(note -> assertThat(note).contains("val_dataloader.drop_last_batch"));
  }
}
