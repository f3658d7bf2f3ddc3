package dev.filigree.sparsity;

import dev.filigree.distributed.KeptPositions;
import dev.filigree.torch.Tensors;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.pytorch.Tensor;

/**
 * What replicas send of sparse parameters: of a masked one the weights that exist, gathered from
 * the dense tensor; a compressed one is those already. Positions are found once for each mask.
 */
public final class KeptGradients implements KeptPositions, AutoCloseable {
  private final Map<Long, SparseParameter> sparse = new HashMap<>(); // by identity of the weight
  private final Map<Long, Optional<Tensor>> positions = new HashMap<>();

  /** Of the parameters of an optimizer, from now on. */
  public KeptGradients(SparseOptimizer optimizer) {
    for (SparseParameter parameter : optimizer.parameters()) {
      sparse.put(Tensors.identity(parameter.weight()), parameter);
    }
    optimizer.addListener(
        (parameter, _) -> {
          long identity = Tensors.identity(parameter.weight());
          positions.getOrDefault(identity, Optional.empty()).ifPresent(Tensor::close);
          positions.remove(identity);
        });
  }

  @Override
  public Optional<Tensor> of(Tensor parameter) {
    return positions.computeIfAbsent(Tensors.identity(parameter), this::find);
  }

  private Optional<Tensor> find(long identity) {
    SparseParameter parameter = sparse.get(identity);
    return parameter == null
        ? Optional.empty()
        : parameter.keptAmongZeros().map(found -> new Tensor(found).retainReference());
  }

  @Override
  public void close() {
    positions.values().forEach(found -> found.ifPresent(Tensor::close));
    positions.clear();
  }
}
