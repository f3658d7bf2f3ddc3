package dev.filigree.cli;

import dev.filigree.nn.Linear;
import dev.filigree.zoo.data.Batch;
import dev.filigree.zoo.model.Model;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/** A network that the zoo does not have, over the pictures of {@link WalkData}. */
final class WalkOwnNetwork extends Model {
  static final String NAME = "own";

  private final Linear first; // [hidden, pixels]
  private final Linear last; // [10, hidden]
  private final double dropout;

  record Options(long hiddenSize, double dropout) {}

  WalkOwnNetwork(Options options) {
    long pixels = WalkData.MNIST_SIDE * WalkData.MNIST_SIDE;
    first = register("first", new Linear(pixels, options.hiddenSize, true));
    last = register("last", new Linear(options.hiddenSize, 10, true));
    dropout = options.dropout;
  }

  @Override
  public Tensor loss(Batch batch) {
    Tensor x = first.forward(batch.inputs().flatten(1, -1)).relu();
    Tensor logits = last.forward(torch.dropout(x, dropout, is_training()));
    return torch.cross_entropy_loss(logits, batch.labels());
  }
}
