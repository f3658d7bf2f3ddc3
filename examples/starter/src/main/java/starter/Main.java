package starter;

import dev.filigree.optim.AdamW;
import dev.filigree.sparsity.AlgorithmGroup;
import dev.filigree.sparsity.Execution;
import dev.filigree.sparsity.SparseCheckpoint;
import dev.filigree.sparsity.Sparsity;
import dev.filigree.sparsity.SparsityOptions;
import dev.filigree.sparsity.algorithm.RigL;
import dev.filigree.torch.Libtorch;
import java.nio.file.Files;
import java.nio.file.Path;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/** Trains a network with a fifth of its weights, saves it, and goes on where the last run ended. */
public final class Main {
  private Main() {}

  public static void main(String[] arguments) {
    Libtorch.prepare(); // first of all: what libtorch needs for full speed
    System.out.println(train(Path.of("run"), 100));
  }

  /** As many steps more than the folder has already; says how they went. */
  static String train(Path folder, long more) {
    torch.manual_seed(1);
    var network = new Network();
    var adamW = new AdamW(network.parameters(), AdamW.options().lr(2e-3));
    var rigl = RigL.recipe(1000, 0.8).build(); // a run of 1000 steps at 80 % sparsity
    // Without this option the machine is measured once, and the faster way of storing chosen.
    var options = SparsityOptions.defaults().execution(Execution.COMPRESSED);
    try (var _ = new PointerScope();
        var sparse = Sparsity.wrap(network, adamW, AlgorithmGroup.of(rigl), options)) {
      if (Files.exists(folder)) {
        SparseCheckpoint.read(folder, network, sparse);
      }
      Tensor teacher = torch.randn(32, 4);
      long from = sparse.stepCount();
      double loss = Double.NaN;
      for (long step = from; step < from + more; step++) {
        try (var _ = new PointerScope()) { // frees the tensors of a step
          torch.manual_seed(step); // each step has samples of its own
          Tensor x = torch.randn(64, 32);
          Tensor y = x.matmul(teacher).argmax(new LongOptional(1), false);
          Tensor batchLoss = torch.cross_entropy_loss(network.forward(x), y);
          batchLoss.backward();
          sparse.step();
          sparse.zeroGrad();
          loss = batchLoss.item_double();
        }
      }
      SparseCheckpoint.write(folder, network, sparse);
      return "steps %d to %d: loss %.4f, sparsity %.3f"
          .formatted(from + 1, from + more, loss, sparse.sparsity());
    }
  }
}
