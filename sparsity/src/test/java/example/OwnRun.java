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
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/** A module of one's own, stored compressed, in a loop that saves and resumes. */
public final class OwnRun implements AutoCloseable {
  private final Network network = new Network();
  private final SparseOptimizer optimizer;

  /** Twenty numbers in, ten out. */
  private static final class Network extends Layer {
    private final Linear first = register("first", new Linear(20, 64, true));
    private final Linear second = register("second", new Linear(64, 64, true));
    private final Linear third = register("third", new Linear(64, 10, true));

    Tensor forward(Tensor x) {
      return third.forward(second.forward(first.forward(x).relu()).relu());
    }
  }

  public OwnRun(Execution execution) {
    var adamW = new AdamW(network.parameters(), AdamW.options().lr(5e-3));
    var rigl = RigL.recipe(200, 0.8).build();
    var options = SparsityOptions.defaults().seed(1).execution(execution);
    optimizer = Sparsity.wrap(network, adamW, AlgorithmGroup.of(rigl), options);
  }

  /** One step on inputs [n, 20] and targets [n, 10]; the loss. */
  public double step(Tensor x, Tensor y) {
    try (var _ = new PointerScope()) { // frees what the step made in native memory
      optimizer.zeroGrad();
      Tensor loss = torch.mse_loss(network.forward(x), y);
      loss.backward();
      optimizer.step(); // the wrapper, not the AdamW inside
      return loss.item_double();
    }
  }

  public void save(Path folder) {
    SparseCheckpoint.write(folder, network, optimizer);
  }

  public void resume(Path folder) {
    SparseCheckpoint.read(folder, network, optimizer);
  }

  public long stepsMade() {
    return optimizer.stepCount();
  }

  @Override
  public void close() {
    optimizer.close();
  }

  @Override
  public String toString() {
    return optimizer.toString(); // how each layer is stored, and why
  }
}
