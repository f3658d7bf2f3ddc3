package example;

import dev.filigree.nn.Layer;
import dev.filigree.nn.Linear;
import dev.filigree.optim.AdamW;
import dev.filigree.optim.Optimizer;
import dev.filigree.sparsity.SparseOptimizer;
import dev.filigree.sparsity.Sparsity;
import dev.filigree.sparsity.algorithm.RigL;
import dev.filigree.torch.Libtorch;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/** A small network learns to tell the arms of a spiral apart, with a fifth of its weights. */
public final class MlpExample {
  private MlpExample() {}

  /** Prints loss, accuracy and counted sparsity. */
  public static void main(String[] arguments) {
    Libtorch.prepare();
    System.out.println(train(300));
  }

  /**
   * Trains.
   *
   * @param steps at least 1
   */
  static Outcome train(long steps) {
    try (var _ = new PointerScope()) {
      torch.manual_seed(1); // the layers draw their initial weights
      var model = new Mlp();
      var data = Examples.spiral(3, 200);

      Optimizer optimizer = new AdamW(model.parameters(), AdamW.options().lr(5e-3));
      var rigl = RigL.recipe(steps, 0.8).build();
      optimizer = Sparsity.wrap(model, optimizer, rigl); // the line that makes it sparse

      double loss = Double.NaN;
      for (long step = 0; step < steps; step++) {
        try (var _ = new PointerScope()) {
          optimizer.zeroGrad();
          Tensor batchLoss = torch.cross_entropy_loss(model.forward(data.x()), data.y());
          batchLoss.backward();
          optimizer.step();
          loss = batchLoss.item_double();
        }
      }
      try (var sparse = (SparseOptimizer) optimizer) {
        sparse.verify();
        return new Outcome(loss, data.accuracy(model.forward(data.x())), sparse.sparsity());
      }
    }
  }

  /** Three linear layers; all their weights become sparse. */
  private static final class Mlp extends Layer {
    private final Linear first = register("first", new Linear(2, 64, true));
    private final Linear second = register("second", new Linear(64, 64, true));
    private final Linear third = register("third", new Linear(64, 3, true));

    /** From points [n, 2] to logits [n, 3]. */
    Tensor forward(Tensor x) {
      return third.forward(second.forward(first.forward(x).relu()).relu());
    }
  }
}
