package dev.filigree.sparsity;

/** Hears of mask updates; never changes the run. */
@FunctionalInterface
public interface SparsityListener {
  /** Called after a parameter's mask was updated, also where nothing moved. */
  void onMaskUpdate(SparseParameter parameter, MaskUpdate update);
}
