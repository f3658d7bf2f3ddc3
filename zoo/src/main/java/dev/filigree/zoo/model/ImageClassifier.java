package dev.filigree.zoo.model;

import dev.filigree.zoo.data.Batch;
import org.bytedeco.pytorch.Tensor;

/** A network that says which class a picture belongs to. */
public abstract class ImageClassifier extends Model {
  /** The number of classes. */
  public abstract long classes();

  @Override
  public final Tensor loss(Batch batch) {
    return CrossEntropy.loss(logits(batch.inputs()), batch.labels(), batch.lossMask());
  }
}
