package example;

import dev.filigree.optim.AdamW;
import dev.filigree.sparsity.SparseOptimizer;
import dev.filigree.sparsity.Sparsity;
import dev.filigree.sparsity.algorithm.RigL;
import org.bytedeco.pytorch.*;
import org.bytedeco.pytorch.Module;

/** Imports the whole binding, and ours by name. */
public final class Stars {
  private Stars() {}

  /** A module of libtorch's own, with our AdamW. */
  public static SparseOptimizer wrapped(Module module) {
    var adamW = new AdamW(module.parameters(), AdamW.options().lr(1e-3));
    return Sparsity.wrap(module, adamW, RigL.recipe(100, 0.5).build());
  }

  /** A libtorch layer. */
  public static Module layer() {
    return new LinearImpl(8, 4);
  }
}
