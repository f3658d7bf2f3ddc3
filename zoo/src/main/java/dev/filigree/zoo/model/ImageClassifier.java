package dev.filigree.zoo.model;

import dev.filigree.zoo.data.Batch;
import java.util.List;
import java.util.Optional;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Tensor;

/** A network that says which class a picture belongs to. */
public abstract class ImageClassifier extends Model {
  /** The number of classes. */
  public abstract long classes();

  /**
   * Why pictures are of a size that the network does not take, in the words of an error; empty
   * where it takes them.
   *
   * @param shape of a picture, [channels, height, width]
   */
  public Optional<String> obstacle(List<Long> shape) {
    return Optional.empty();
  }

  /**
   * The logits of each picture.
   *
   * @param inputs float32 [batch, channels, height, width]
   * @return [batch, classes]
   */
  public abstract Tensor logits(Tensor inputs);

  @Override
  public final Tensor loss(Batch batch) {
    return loss(logits(batch.inputs()), batch);
  }

  /**
   * The mean loss in nats of given answers.
   *
   * @param logits what {@link #logits} gives for the batch, [batch, classes]
   */
  public static Tensor loss(Tensor logits, Batch batch) {
    return CrossEntropy.loss(logits, batch.labels(), batch.lossMask());
  }

  /**
   * How many pictures have their own class as the likeliest answer.
   *
   * @param logits what {@link #logits} gives for the batch, [batch, classes]
   */
  public static long correct(Tensor logits, Batch batch) {
    return logits.argmax(new LongOptional(1), false).eq(batch.labels()).sum().item_long();
  }
}
