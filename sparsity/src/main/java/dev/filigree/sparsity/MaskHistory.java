package dev.filigree.sparsity;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * Remembers every mask update: target and counted sparsity, weights dropped and grown.
 *
 * <pre>{@code
 * var history = new MaskHistory();
 * optimizer.addListener(history);
 * }</pre>
 */
public final class MaskHistory implements SparsityListener {
  private final List<MaskUpdate> updates = new ArrayList<>();

  /** Knows no update yet. */
  public MaskHistory() {}

  @Override
  public void onMaskUpdate(SparseParameter parameter, MaskUpdate update) {
    updates.add(update);
  }

  /** All updates so far, in their order. */
  public List<MaskUpdate> updates() {
    return Collections.unmodifiableList(updates);
  }

  /** The updates of one parameter, in their order. */
  public List<MaskUpdate> updates(String parameter) {
    return updates.stream().filter(update -> update.parameter().equals(parameter)).toList();
  }

  /** A line for each step with updates: steps, sums over the parameters, fractions. */
  @Override
  public String toString() {
    var text = new StringBuilder("step dropped grown kept target sparsity\n");
    updates.stream()
        .map(MaskUpdate::step)
        .distinct()
        .forEach(
            step -> {
              List<MaskUpdate> at =
                  updates.stream().filter(update -> update.step() == step).toList();
              long size = at.stream().mapToLong(MaskUpdate::size).sum();
              long kept = at.stream().mapToLong(MaskUpdate::kept).sum();
              double targetZeros =
                  at.stream().mapToDouble(update -> update.targetSparsity() * update.size()).sum();
              text.append(
                  "%d %d %d %d %.4f %.4f%n"
                      .formatted(
                          step,
                          at.stream().mapToLong(MaskUpdate::dropped).sum(),
                          at.stream().mapToLong(MaskUpdate::grown).sum(),
                          kept,
                          targetZeros / size,
                          1 - (double) kept / size));
            });
    return text.toString();
  }
}
