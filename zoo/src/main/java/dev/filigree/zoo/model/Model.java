package dev.filigree.zoo.model;

import dev.filigree.nn.Layer;
import dev.filigree.torch.Tensors;
import dev.filigree.zoo.data.Batch;
import java.util.Map;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;

/** A network of the zoo. Its parameters have the names that {@link #config} lists. */
public abstract class Model extends Layer {
  /** What the network was made from. */
  public abstract ModelConfig config();

  /**
   * The raw outputs.
   *
   * @param inputs token ids, int64 [batch, sequence]; for pictures float32 [batch, channels,
   *     height, width]
   * @return logits, [batch, sequence, vocabulary]; for pictures [batch, classes]
   */
  public abstract Tensor logits(Tensor inputs);

  /** The mean loss in nats over the positions that count, a scalar that can be differentiated. */
  public abstract Tensor loss(Batch batch);

  /**
   * Every tensor of the network's state, by our names: parameters, and buffers such as running
   * averages. They are the network's own, not copies.
   */
  public final Map<String, Tensor> tensors() {
    Map<String, Tensor> tensors = Tensors.namedParameters(this);
    tensors.putAll(Tensors.namedBuffers(this));
    return tensors;
  }

  /** Gives every parameter its initial value for a seed. */
  final void initialize(long seed) {
    var parameters = Tensors.namedParameters(this);
    try (var _ = new NoGradGuard()) {
      for (ParameterSpec spec : config().parameters()) {
        Tensor parameter = parameters.get(spec.name());
        if (parameter == null) {
          throw new IllegalStateException("the network has no parameter " + spec.name());
        }
        spec.initializer().fill(parameter, seed, spec.name());
      }
    }
  }
}
