package example;

import static dev.filigree.schedule.UpdateSchedules.every;

import dev.filigree.optim.LibtorchOptimizer;
import dev.filigree.sparsity.Sparsity;
import dev.filigree.sparsity.algorithm.SparseEvolution;
import dev.filigree.torch.Libtorch;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.AdamW;
import org.bytedeco.pytorch.AdamWOptions;
import org.bytedeco.pytorch.Conv2dImpl;
import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * A convolutional network and an optimizer of libtorch's own, in code that knew nothing of
 * sparsity: two lines make the optimizer sparse, and one line of the loop calls it.
 */
public final class ConvolutionExample {
  private ConvolutionExample() {}

  /** Prints loss, accuracy and counted sparsity. */
  public static void main(String[] arguments) {
    Libtorch.prepare();
    System.out.println(train(200));
  }

  /**
   * Trains.
   *
   * @param steps at least 1
   */
  static Outcome train(long steps) {
    torch.manual_seed(1);
    try (var _ = new PointerScope()) {
      var model = new Network();
      var data = Examples.stripes(240);
      var adam = new AdamW(model.parameters(), new AdamWOptions(5e-3));

      var set = SparseEvolution.builder().sparsity(0.8).dropFraction(0.3).update(every(10)).build();
      var sparse = Sparsity.wrap(model, LibtorchOptimizer.of(adam), set);
      try (sparse) {
        double loss = Double.NaN;
        for (long step = 0; step < steps; step++) {
          try (var _ = new PointerScope()) {
            adam.zero_grad();
            Tensor batchLoss = torch.cross_entropy_loss(model.forward(data.x()), data.y());
            batchLoss.backward();
            sparse.step(); // was adam.step()
            loss = batchLoss.item_double();
          }
        }
        sparse.verify();
        return new Outcome(loss, data.accuracy(model.forward(data.x())), sparse.sparsity());
      }
    }
  }

  /** Two convolutions, the maximum over each picture, one linear layer. */
  private static final class Network extends Module {
    private final Conv2dImpl first =
        register_module("first", new Conv2dImpl(1, 16, new LongPointer(3, 3)));
    private final Conv2dImpl second =
        register_module("second", new Conv2dImpl(16, 32, new LongPointer(3, 3)));
    private final LinearImpl last = register_module("last", new LinearImpl(32, 3));

    /** From pictures [n, 1, height, width] to logits [n, 3]. */
    Tensor forward(Tensor pictures) {
      Tensor features = second.forward(first.forward(pictures).relu()).relu();
      return last.forward(features.amax(new long[] {2, 3}, false));
    }
  }
}
