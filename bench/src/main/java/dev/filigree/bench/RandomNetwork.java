package dev.filigree.bench;

import static dev.filigree.schedule.UpdateSchedules.every;

import dev.filigree.nn.Allocation;
import dev.filigree.optim.GradientExchange;
import dev.filigree.optim.Optimizer;
import dev.filigree.sparsity.AlgorithmGroup;
import dev.filigree.sparsity.Execution;
import dev.filigree.sparsity.SparseOptimizer;
import dev.filigree.sparsity.Sparsity;
import dev.filigree.sparsity.SparsityOptions;
import dev.filigree.sparsity.algorithm.RigL;
import dev.filigree.torch.Tensors;
import dev.filigree.zoo.data.Batch;
import dev.filigree.zoo.model.LanguageModel;
import dev.filigree.zoo.model.LlamaConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.GeneratorOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * A Llama of random weights whose steps are measured, with a batch of random tokens. Its weights
 * are made where they live and one at a time, so that large ones never exist whole and dense.
 */
final class RandomNetwork {
  private static final double INITIAL_DEVIATION = 0.02;
  private static final long SEED = 1;

  private final LanguageModel model;
  private final Map<String, Tensor> named;

  /**
   * A network without values, until {@link #wrap} or {@link #fill}.
   *
   * @param recompute whether activations are computed again in the backward pass
   */
  RandomNetwork(LlamaConfig config, Device device, boolean recompute) {
    model = (LanguageModel) config.unfilled(SEED, device);
    model.recomputeActivations(recompute);
    named = Tensors.namedParameters(model);
    torch.manual_seed(SEED);
  }

  LanguageModel model() {
    return model;
  }

  List<Tensor> parameters() {
    return new ArrayList<>(named.values());
  }

  /** Makes it sparse by RigL, and gives all weights their values. */
  SparseOptimizer wrap(
      Optimizer dense,
      String execution,
      double sparsity,
      long updateEvery,
      GradientExchange exchange) {
    SparseOptimizer optimizer =
        Sparsity.wrap(
            model,
            dense,
            AlgorithmGroup.of(
                RigL.builder()
                    .sparsity(sparsity)
                    .dropFraction(0.3)
                    .update(every(updateEvery))
                    .build()),
            SparsityOptions.defaults()
                .seed(SEED)
                .execution(Execution.valueOf(execution.toUpperCase(Locale.ROOT)))
                .exchange(exchange)
                .values(name -> draw(Objects.requireNonNull(named.get(name), name))));
    fill();
    return optimizer;
  }

  /** Gives those weights their values that have none. */
  void fill() {
    named.values().stream().filter(Allocation::isUnfilled).forEach(RandomNetwork::draw);
  }

  private static void draw(Tensor parameter) {
    Tensors.inScope(
        () -> {
          Tensor values =
              Tensors.emptyBeside(parameter, ScalarType.Float, Tensors.shape(parameter));
          parameter.set_data(
              parameter.dim() == 2
                  ? values.normal_(0, INITIAL_DEVIATION, new GeneratorOptional())
                  : parameter.contiguous()); // norms begin at one, as they were made
        });
  }

  /** Tokens and what follows them, int64 of {@code [sequences, length]}. */
  static Batch batch(long vocabulary, long sequences, long length, Device device) {
    long[] size = {sequences, length};
    return new Batch(
        torch.randint(vocabulary, size).to(device, ScalarType.Long),
        torch.randint(vocabulary, size).to(device, ScalarType.Long),
        null);
  }
}
