package dev.filigree.zoo.train;

import dev.filigree.optim.Replica;
import dev.filigree.torch.Autocast;
import dev.filigree.zoo.config.Device;
import dev.filigree.zoo.config.PrecisionConfig;
import dev.filigree.zoo.data.Batch;
import dev.filigree.zoo.data.DataLoader;
import dev.filigree.zoo.model.ImageClassifier;
import dev.filigree.zoo.model.Model;
import java.util.Iterator;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/** The loss of a model on data that it was not trained on. */
public final class Evaluator {
  private final Model model;
  private final Hardware hardware;
  private final PrecisionConfig.Type precision;

  Evaluator(Model model, Hardware hardware, PrecisionConfig.Type precision) {
    this.model = model;
    this.hardware = hardware;
    this.precision = precision;
  }

  /** For a model on the CPU, in float32. */
  public Evaluator(Model model) {
    this(model, Hardware.choose(Device.CPU, Replica.alone()), PrecisionConfig.Type.FLOAT32);
  }

  /**
   * The mean over positions.
   *
   * @param loss nats a token, or a picture
   * @param positions tokens or pictures that counted
   * @param accuracy the fraction of pictures with the right class; null for a language model
   */
  public record Result(double loss, long positions, @Nullable Double accuracy) {
    /** e to the loss. */
    public double perplexity() {
      return Math.exp(loss);
    }
  }

  /**
   * Evaluates from the beginning of the data, without dropout and, for pictures, with the running
   * averages of training. The model is in the mode it was in afterwards.
   *
   * @param maxBatches where to stop; 0 for all
   */
  public Result evaluate(DataLoader data, long maxBatches) {
    boolean training = model.is_training();
    model.eval();
    try {
      return evaluate(data.once(maxBatches == 0 ? Long.MAX_VALUE : maxBatches).iterator());
    } finally {
      model.train(training);
    }
  }

  private Result evaluate(Iterator<Batch> batches) {
    double sum = 0;
    long positions = 0;
    long correct = 0;
    while (batches.hasNext()) {
      try (var _ = new PointerScope();
          var _ = new NoGradGuard();
          var _ = Autocast.open(hardware.type(), precision.elements())) {
        Batch batch = batches.next();
        long counted = positions(batch);
        Batch placed = hardware.place(batch);
        Tensor loss;
        if (model instanceof ImageClassifier classifier) {
          Tensor logits = classifier.logits(placed.inputs());
          correct += ImageClassifier.correct(logits, placed);
          loss = ImageClassifier.loss(logits, placed);
        } else {
          loss = model.loss(placed);
        }
        sum += loss.item_double() * counted;
        positions += counted;
      }
    }
    Double accuracy = model instanceof ImageClassifier ? (double) correct / positions : null;
    return new Result(sum / positions, positions, accuracy);
  }

  /** Positions whose loss counts. */
  static long positions(Batch batch) {
    Tensor mask = batch.lossMask();
    return mask == null ? batch.labels().numel() : mask.sum().item_long();
  }
}
