package dev.filigree.sparsity.storage;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;

/**
 * Keeps the zeros of masked weights on GPUs: those of all weights, or of all gradients, in one
 * launch a GPU, and in none where they have not changed since. Every other storage keeps its own.
 */
public final class ZeroingAtOnce implements AutoCloseable {
  private final Map<Integer, MaskedTensors> gradientTables = new HashMap<>(); // by device
  private final Map<Integer, MaskedTensors> weightTables = new HashMap<>();
  private final Untouched gradients = new Untouched();
  private final Untouched weights = new Untouched();

  /** Knows no tensor yet. */
  public ZeroingAtOnce() {}

  /** Zeroes the gradients that are there outside the masks. */
  public void gradients(List<Storage> storages) {
    zero(storages, gradientTables, true);
    rememberGradients(storages);
  }

  /** Remembers the gradients as they are, zero outside the masks. */
  public void rememberGradients(List<Storage> storages) {
    list(storages, gradients, true);
    gradients.remember();
  }

  /** Zeroes the gradients outside the masks where they are not those that were left so. */
  public void changedGradients(List<Storage> storages) {
    list(storages, gradients, true);
    if (!gradients.isSame()) {
      zero(storages, gradientTables, true);
    }
    forgetGradients(); // the memory of those to come may be the same
  }

  /** Forgets which gradients were left zero outside the masks. */
  public void forgetGradients() {
    gradients.forget();
  }

  /** Whether the weights are those that {@link #rememberWeights} saw, zero outside the masks. */
  public boolean weightsAreUntouched(List<Storage> storages) {
    list(storages, weights, false);
    return weights.isSame();
  }

  /** Zeroes the weights outside the masks. */
  public void weights(List<Storage> storages) {
    zero(storages, weightTables, false);
  }

  /** Remembers the weights as they are, zero outside the masks. */
  public void rememberWeights(List<Storage> storages) {
    list(storages, weights, false);
    weights.remember();
  }

  private static void list(List<Storage> storages, Untouched list, boolean ofGradients) {
    list.begin();
    for (Storage storage : storages) {
      if (storage instanceof MaskedStorage masked && masked.isZeroedWithOthers()) {
        list.add(ofGradients ? masked.gradient() : masked.stored());
      }
    }
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
    gradientTables.values().forEach(MaskedTensors::close);
    weightTables.values().forEach(MaskedTensors::close);
  }
}
