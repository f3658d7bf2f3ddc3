package dev.filigree.zoo.train.checkpoint;

import dev.filigree.optim.GradScaler;
import dev.filigree.optim.Optimizer;
import dev.filigree.sparsity.SparseOptimizer;
import dev.filigree.sparsity.SparseParameter;
import dev.filigree.sparsity.TrainingTensors;
import dev.filigree.zoo.config.RunConfig;
import dev.filigree.zoo.data.DataLoader;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * What a checkpoint holds of a run, beside how far it is. For Filigree's own packages.
 *
 * @param parameters of the network, by name
 * @param tensors the parameters, and the network's buffers, such as running averages
 * @param lossScale the factor on the loss; empty for none
 * @param data that the run trains on
 */
public record TrainingState(
    RunConfig config,
    Map<String, Tensor> parameters,
    Map<String, Tensor> tensors,
    Optimizer optimizer,
    Optional<GradScaler> lossScale,
    DataLoader data) {
  /** The wrapper of the optimizer; empty for a dense run. */
  public Optional<SparseOptimizer> sparsity() {
    return optimizer instanceof SparseOptimizer sparse ? Optional.of(sparse) : Optional.empty();
  }

  /** The sparse parameters; none for a dense run. */
  public List<SparseParameter> sparseParameters() {
    return sparsity().map(SparseOptimizer::parameters).orElse(List.of());
  }

  /** A tensor of the network as a dense one; null for an unknown name. */
  @Nullable Tensor denseTensor(String name) {
    for (SparseParameter parameter : sparseParameters()) {
      if (parameter.name().equals(name)) {
        return parameter.dense();
      }
    }
    return tensors.get(name);
  }

  TrainingTensors trainingTensors() {
    return new TrainingTensors(parameters, optimizer);
  }
}
