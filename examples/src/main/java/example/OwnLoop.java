package example;

import dev.filigree.nn.Layer;
import dev.filigree.nn.Linear;
import dev.filigree.optim.AdamW;
import dev.filigree.sparsity.AlgorithmGroup;
import dev.filigree.sparsity.Execution;
import dev.filigree.sparsity.SparseCheckpoint;
import dev.filigree.sparsity.SparseOptimizer;
import dev.filigree.sparsity.Sparsity;
import dev.filigree.sparsity.SparsityOptions;
import dev.filigree.sparsity.algorithm.RigL;
import java.nio.file.Path;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/** A module of one's own whose weights are stored compressed, in a loop that saves and resumes. */
public final class OwnLoop implements AutoCloseable {
  private final Network network = new Network();
  private final SparseOptimizer optimizer;
  private final Examples data = Examples.spiral(3, 200);

  /** Two inputs, three classes. */
  private static final class Network extends Layer {
    private final Linear first = register("first", new Linear(2, 64, true));
    private final Linear second = register("second", new Linear(64, 64, true));
    private final Linear third = register("third", new Linear(64, 3, true));

    Tensor forward(Tensor x) {
      return third.forward(second.forward(first.forward(x).relu()).relu());
    }
  }

  OwnLoop() {
    optimizer =
        Sparsity.wrap(
            network,
            new AdamW(network.parameters(), AdamW.options().lr(5e-3)),
            AlgorithmGroup.of(RigL.recipe(200, 0.8).build()),
            SparsityOptions.defaults().execution(Execution.COMPRESSED));
  }

  /** Trains from one step to another; the last loss. */
  double train(long from, long to) {
    double last = Double.NaN;
    for (long step = from; step < to; step++) {
      try (var _ = new PointerScope()) {
        optimizer.zeroGrad();
        Tensor loss = torch.cross_entropy_loss(network.forward(data.x()), data.y());
        loss.backward();
        optimizer.step();
        last = loss.item_double();
      }
    }
    return last;
  }

  void save(Path folder) {
    SparseCheckpoint.write(folder, network, optimizer);
  }

  void resume(Path folder) {
    SparseCheckpoint.read(folder, network, optimizer);
  }

  Module network() {
    return network;
  }

  @Override
  public void close() {
    optimizer.close();
  }
}
