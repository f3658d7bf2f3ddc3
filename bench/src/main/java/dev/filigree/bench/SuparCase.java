package dev.filigree.bench;

import dev.filigree.optim.AdamW;
import dev.filigree.optim.GradientClipping;
import dev.filigree.optim.Optimizer;
import dev.filigree.optim.ParameterGroup;
import dev.filigree.sparsity.Execution;
import dev.filigree.sparsity.SparseOptimizer;
import dev.filigree.sparsity.Sparsity;
import dev.filigree.sparsity.SparsityOptions;
import dev.filigree.torch.Tensors;
import dev.filigree.zoo.config.RunConfig;
import dev.filigree.zoo.data.Batch;
import dev.filigree.zoo.data.DataLoader;
import dev.filigree.zoo.data.DataSources;
import dev.filigree.zoo.data.Dataset;
import dev.filigree.zoo.model.Blocks;
import dev.filigree.zoo.model.LanguageModel;
import dev.filigree.zoo.model.ParameterSpec;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;

/**
 * A small GPT-2 with static random masks, trained for a few steps at one learning rate. Initial
 * weights have the variance that suits their width in both parametrizations; SμPar adds muP's
 * learning rates and logits, from the smallest width on, and what follows from the density.
 */
final class SuparCase {
  /** After how many steps the change of the residual stream is measured. */
  static final int CHANGE_AFTER = 10;

  private static final double CLIP = 1;
  private static final double BASE_DEVIATION = 0.08; // about 1/√128, of the smallest width

  private final SuparSettings settings;
  private final RunConfig config;

  SuparCase(SuparSettings settings, boolean supar, long width, double density) {
    this.settings = settings;
    config = config(settings, supar, width, density);
  }

  /** The text, the same for all. */
  Dataset data() throws IOException {
    return DataSources.open(config.trainData());
  }

  /** As a user would write it. */
  private static RunConfig config(
      SuparSettings settings, boolean supar, long width, double density) {
    long base = settings.widths().getFirst();
    String sparsity =
        density == 1
            ? "none"
            : "{algorithm: static, sparsity: %s, init_method: random, parametrization: %s}"
                .formatted(1 - density, supar ? "supar" : "standard");
    String scaled =
        supar
            ? "mup_base_hidden_size: %d, mup_base_filter_size: %d, initializer_range: %s"
                .formatted(base, 4 * base, BASE_DEVIATION)
            : "initializer_range: " + BASE_DEVIATION * Math.sqrt((double) base / width);
    return RunConfig.parse(
        String.format(
            Locale.ROOT,
            """
            trainer:
              init:
                seed: %d
                device: cpu
                model: {name: gpt2, vocab_size: 256, hidden_size: %d, num_hidden_layers: %d, num_heads: %d,
                  filter_size: %d, max_position_embeddings: %d, dropout_rate: 0.0,
                  position_embedding_type: learned, norm_type: layernorm, nonlinearity: gelu, %s}
                sparsity: %s
                loop: {max_steps: %d}
              fit:
                train_dataloader: {data_processor: TextDataProcessor, data_dir: "%s", tokenizer: bytes,
                  max_sequence_length: %d, batch_size: %d, shuffle: true}
            """,
            settings.seed(),
            width,
            settings.layers(),
            width / SuparSettings.HEAD_SIZE,
            4 * width,
            settings.sequence(),
            scaled,
            sparsity,
            settings.steps(),
            settings.data(),
            settings.sequence(),
            settings.batch()),
        "supar",
        List.of());
  }

  /**
   * What a training came to; not finite where it diverged.
   *
   * @param loss the mean over the last tenth of the steps
   * @param change of the residual stream by the first steps
   */
  record Outcome(double loss, double change) {}

  /** Trains at a learning rate, which rises over the first tenth of the steps. */
  Outcome train(Dataset text, double rate) {
    try (var _ = new PointerScope()) {
      var data = new DataLoader(text, settings.batch(), true, settings.seed());
      var model = (LanguageModel) config.model().config().create(settings.seed());
      Optimizer optimizer = optimizer(model);
      List<Double> scales = scales().keySet().stream().toList();
      Tensor probe = data.next().inputs();
      Tensor before = stream(model, probe);
      double change = Double.NaN;
      double loss = 0;
      int tenth = Math.max(1, settings.steps() / 10);
      for (int step = 1; step <= settings.steps(); step++) {
        for (int i = 0; i < scales.size(); i++) {
          optimizer
              .groups()
              .get(i)
              .learningRate(rate * scales.get(i) * Math.min(1, (double) step / tenth));
        }
        double now = step(model, optimizer, data.next());
        loss += step > settings.steps() - tenth ? now / tenth : 0;
        if (step == CHANGE_AFTER) {
          change = rootMeanSquare(stream(model, probe), before);
        }
        if (!Double.isFinite(now)) {
          loss = Double.NaN;
          break;
        }
      }
      if (optimizer instanceof SparseOptimizer sparse) {
        sparse.discard();
      }
      model.close();
      return new Outcome(loss, change);
    }
  }

  private double step(LanguageModel model, Optimizer optimizer, Batch batch) {
    try (var _ = new PointerScope()) {
      optimizer.zeroGrad();
      Tensor loss = model.loss(batch);
      loss.backward();
      GradientClipping.clipNorm(
          optimizer.groups().stream().flatMap(group -> group.parameters().stream()).toList(), CLIP);
      optimizer.step();
      return loss.item_double();
    }
  }

  /** Names of parameters by what muP multiplies their learning rate by. */
  private Map<Double, List<String>> scales() {
    var scales = new LinkedHashMap<Double, List<String>>();
    for (ParameterSpec spec : config.model().config().parameters()) {
      scales.computeIfAbsent(spec.learningRateScale(), _ -> new ArrayList<>()).add(spec.name());
    }
    return scales;
  }

  private Optimizer optimizer(LanguageModel model) {
    Map<String, Tensor> parameters = Tensors.namedParameters(model);
    List<ParameterGroup> groups =
        scales().values().stream()
            .map(names -> new ParameterGroup(names.stream().map(parameters::get).toList(), 1, 0))
            .toList();
    var adam = new AdamW(groups, AdamW.options().betas(0.9, 0.95));
    var otherNames = new LinkedHashMap<String, List<String>>();
    for (ParameterSpec spec : config.model().config().parameters()) {
      otherNames.put(spec.name(), List.of(spec.modelZooName()));
    }
    SparsityOptions options =
        SparsityOptions.defaults()
            .seed(settings.seed())
            .execution(Execution.MASKED)
            .otherNames(otherNames);
    return config.sparsity().isEmpty()
        ? adam
        : Sparsity.wrap(model, adam, config.sparsity().orElseThrow(), options);
  }

  /** The residual stream after the last block, [batch, sequence, hidden]. */
  private static Tensor stream(LanguageModel model, Tensor tokens) {
    return Tensors.scoped(
        () -> {
          Blocks blocks = model.blocks(tokens).orElseThrow();
          Tensor stream = blocks.input();
          for (Blocks.Block block : blocks.blocks()) {
            stream = block.forward().apply(stream);
          }
          return stream;
        });
  }

  private static double rootMeanSquare(Tensor after, Tensor before) {
    return Tensors.scoped(() -> after.sub(before).square().mean().sqrt()).item_double();
  }
}
