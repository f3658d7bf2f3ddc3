package dev.filigree.zoo.model;

import dev.filigree.nn.Layer;
import dev.filigree.zoo.data.Batch;
import org.bytedeco.pytorch.Tensor;

/** A network of the zoo. Its parameters have Hugging Face's names. */
public abstract class Model extends Layer {
  /**
   * The raw outputs.
   *
   * @param inputs token ids, int64 [batch, sequence]
   * @return logits, [batch, sequence, vocabulary]
   */
  public abstract Tensor logits(Tensor inputs);

  /** The mean loss in nats over the positions that count, a scalar that can be differentiated. */
  public abstract Tensor loss(Batch batch);
}
