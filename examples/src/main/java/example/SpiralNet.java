package example;

import dev.filigree.nn.Linear;
import dev.filigree.zoo.data.Batch;
import dev.filigree.zoo.model.Model;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/** Says which arm of a spiral a point lies on. */
public final class SpiralNet extends Model {
  private final Linear first;
  private final Linear second;
  private final Linear third;
  private final Options options;

  /** Keys of the block {@code model}. */
  public record Options(long hiddenSize, double dropout) {
    public Options {
      if (hiddenSize < 1) {
        throw new IllegalArgumentException("hidden_size must be at least 1, found " + hiddenSize);
      }
    }
  }

  public SpiralNet(Options options) {
    this.options = options;
    first = register("first", new Linear(2, options.hiddenSize(), true));
    second = register("second", new Linear(options.hiddenSize(), options.hiddenSize(), true));
    third = register("third", new Linear(options.hiddenSize(), 3, true));
  }

  /** From points [n, 2] to logits [n, 3]. */
  public Tensor forward(Tensor points) {
    Tensor x = second.forward(first.forward(points).relu()).relu();
    return third.forward(torch.dropout(x, options.dropout(), is_training()));
  }

  @Override
  public Tensor loss(Batch batch) {
    return torch.cross_entropy_loss(forward(batch.inputs()), batch.labels());
  }
}
