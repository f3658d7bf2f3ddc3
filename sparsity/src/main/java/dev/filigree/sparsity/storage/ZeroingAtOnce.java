package dev.filigree.sparsity.storage;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;

/**
 * Keeps the zeros of masked weights on GPUs: those of all weights, or of all gradients, in one
 * launch a GPU. Every other storage keeps its own.
 */
public final class ZeroingAtOnce implements AutoCloseable {
  private final Map<Integer, MaskedTensors> gradients = new HashMap<>(); // by device
  private final Map<Integer, MaskedTensors> weights = new HashMap<>();

  /** Zeroes the gradients that are there outside the masks. */
  public void gradients(List<Storage> storages) {
    zero(storages, gradients, true);
  }

  /** Zeroes the weights outside the masks. */
  public void weights(List<Storage> storages) {
    zero(storages, weights, false);
  }

  private static void zero(
      List<Storage> storages, Map<Integer, MaskedTensors> tables, boolean ofGradients) {
    tables.values().forEach(MaskedTensors::clear);
    var used = new HashMap<MaskedTensors, Tensor>(); // each with one of its tensors
    for (Storage storage : storages) {
      if (storage instanceof MaskedStorage masked
          && masked.isZeroedWithOthers()
          && masked.hasMask()) {
        Tensor tensor = ofGradients ? masked.gradient() : masked.stored();
        if (tensor.defined()) {
          MaskedTensors table = tables.computeIfAbsent(masked.gpu(), _ -> new MaskedTensors());
          if (table.add(tensor, masked.missingAddress(), masked.size())) {
            used.put(table, tensor);
          } else {
            masked.zero(tensor);
          }
        }
      }
    }
    used.forEach(MaskedTensors::zero);
  }

  @Override
  public void close() {
    gradients.values().forEach(MaskedTensors::close);
    weights.values().forEach(MaskedTensors::close);
  }
}
