package starter;

import dev.filigree.nn.Layer;
import dev.filigree.nn.Linear;
import org.bytedeco.pytorch.Tensor;

/** 32 numbers in, one of 4 classes out. */
final class Network extends Layer {
  private final Linear first = register("first", new Linear(32, 256, true));
  private final Linear second = register("second", new Linear(256, 256, true));
  private final Linear third = register("third", new Linear(256, 4, true));

  /** From inputs [n, 32] to logits [n, 4]. */
  Tensor forward(Tensor x) {
    return third.forward(second.forward(first.forward(x).relu()).relu());
  }
}
