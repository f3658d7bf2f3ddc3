package dev.filigree.bench;

import static dev.filigree.schedule.UpdateSchedules.every;

import dev.filigree.optim.AdamW;
import dev.filigree.optim.GradientClipping;
import dev.filigree.optim.Optimizer;
import dev.filigree.sparsity.AlgorithmGroup;
import dev.filigree.sparsity.Execution;
import dev.filigree.sparsity.SparseOptimizer;
import dev.filigree.sparsity.Sparsity;
import dev.filigree.sparsity.SparsityOptions;
import dev.filigree.sparsity.algorithm.RigL;
import dev.filigree.torch.Autocast;
import dev.filigree.torch.Tensors;
import dev.filigree.zoo.data.Batch;
import dev.filigree.zoo.model.Model;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.DeviceType;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/** A model with its optimizer, dense or sparse, that can make training steps. */
final class StepCase implements AutoCloseable {
  /** Steps between the mask updates of RigL. */
  static final int UPDATE_EVERY = 100;

  private static final double CLIP = 1;
  private static final long SEED = 1;

  private final PointerScope scope = new PointerScope();
  private final Model model;
  private final List<Tensor> parameters;
  private final Optimizer optimizer;
  private final Batch batch;
  private final ScalarType type;

  /**
   * Makes the model.
   *
   * @param execution null for dense training
   * @param updateEvery steps from one mask update to the next
   */
  StepCase(StepWorkload workload, @Nullable Execution execution, double sparsity, int updateEvery) {
    this(workload, execution, sparsity, updateEvery, ScalarType.Float);
  }

  private StepCase(
      StepWorkload workload,
      @Nullable Execution execution,
      double sparsity,
      int updateEvery,
      ScalarType type) {
    this.type = type;
    model = workload.model().create(SEED);
    parameters = new ArrayList<>(Tensors.namedParameters(model).values());
    var adam = new AdamW(parameters, AdamW.options().lr(1e-4));
    optimizer =
        execution == null
            ? adam
            : Sparsity.wrap(
                model,
                adam,
                AlgorithmGroup.of(
                    RigL.builder()
                        .sparsity(sparsity)
                        .dropFraction(0.3)
                        .update(every(updateEvery))
                        .build()),
                SparsityOptions.defaults().seed(SEED).execution(execution));
    torch.manual_seed(SEED);
    long[] shape = {workload.tokens() / workload.sequence(), workload.sequence()};
    batch =
        new Batch(
            torch.randint(workload.vocabulary(), shape).to(torch.ScalarType.Long),
            torch.randint(workload.vocabulary(), shape).to(torch.ScalarType.Long),
            null);
  }

  /** A dense model whose matrix products compute in bfloat16. */
  static StepCase bfloat16(StepWorkload workload) {
    return new StepCase(workload, null, 0, UPDATE_EVERY, ScalarType.BFloat16);
  }

  /** What matrix products compute in, as configurations name it. */
  String precision() {
    return type == ScalarType.Float ? "float32" : "bfloat16";
  }

  /** One training step: forward, loss, backward, clipping, optimizer. */
  void step(Sections sections) {
    try (var _ = new PointerScope()) {
      optimizer.zeroGrad();
      Tensor loss;
      try (var _ = Autocast.open(DeviceType.CPU, type)) {
        loss = model.loss(batch);
      }
      loss.backward();
      sections.enter(Sections.Section.OPTIMIZER);
      GradientClipping.clipNorm(parameters, CLIP);
      optimizer.step();
      sections.enter(Sections.Section.REST);
    }
  }

  Model model() {
    return model;
  }

  @Override
  public void close() {
    if (optimizer instanceof SparseOptimizer sparse) {
      sparse.close();
    }
    scope.close();
    model.close();
  }
}
