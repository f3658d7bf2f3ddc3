package dev.filigree.zoo.train;

import dev.filigree.optim.GradientExchange;
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
  private final Replica replica;
  private final GradientExchange exchange;

  Evaluator(
      Model model,
      Hardware hardware,
      PrecisionConfig.Type precision,
      Replica replica,
      GradientExchange exchange) {
    this.model = model;
    this.hardware = hardware;
    this.precision = precision;
    this.replica = replica;
    this.exchange = exchange;
  }

  /** For a model on the CPU, in float32. */
  public Evaluator(Model model) {
    this(
        model,
        Hardware.choose(Device.CPU, Replica.alone()),
        PrecisionConfig.Type.FLOAT32,
        Replica.alone(),
        GradientExchange.none());
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
   * averages of training. The model is in the mode it was in afterwards. Replicas share the batches
   * out and come to one result.
   *
   * @param maxBatches where to stop; 0 for all
   */
  public Result evaluate(DataLoader data, long maxBatches) {
    boolean training = model.is_training();
    model.eval();
    try {
      return evaluate(data.once(maxBatches == 0 ? Long.MAX_VALUE : maxBatches, replica).iterator());
    } finally {
      model.train(training);
    }
  }

  private Result evaluate(Iterator<Batch> batches) {
    double sum = 0;
    double positions = 0;
    double correct = 0;
    while (batches.hasNext()) {
      try (var _ = new PointerScope();
          var _ = new NoGradGuard();
          var _ = Autocast.open(hardware.type(), hardware.computing(precision))) {
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
    if (!replica.isAlone()) {
      double[] means = exchange.average(sum, positions, correct);
      sum = means[0] * replica.size();
      positions = Math.rint(means[1] * replica.size());
      correct = Math.rint(means[2] * replica.size());
    }
    Double accuracy = model instanceof ImageClassifier ? correct / positions : null;
    return new Result(sum / positions, (long) positions, accuracy);
  }

  /** Positions whose loss counts. */
  static long positions(Batch batch) {
    Tensor mask = batch.lossMask();
    return mask == null ? batch.labels().numel() : mask.sum().item_long();
  }
}
