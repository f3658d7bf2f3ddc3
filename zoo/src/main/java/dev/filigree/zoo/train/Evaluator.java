package dev.filigree.zoo.train;

import dev.filigree.zoo.config.PrecisionConfig;
import dev.filigree.zoo.data.Batch;
import dev.filigree.zoo.data.DataLoader;
import dev.filigree.zoo.model.Model;
import java.util.Iterator;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;

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
    this(model, Hardware.choose(dev.filigree.zoo.config.Device.CPU), PrecisionConfig.Type.FLOAT32);
  }

  /**
   * The mean over positions.
   *
   * @param loss nats a token
   * @param tokens positions that counted
   */
  public record Result(double loss, long tokens) {
    /** e to the loss. */
    public double perplexity() {
      return Math.exp(loss);
    }
  }

  /**
   * Evaluates from the beginning of the data, without dropout.
   *
   * @param maxBatches where to stop; 0 for all
   */
  public Result evaluate(DataLoader data, long maxBatches) {
    double sum = 0;
    long tokens = 0;
    model.eval();
    Iterator<Batch> batches = data.once(maxBatches == 0 ? Long.MAX_VALUE : maxBatches).iterator();
    while (batches.hasNext()) {
      try (var _ = new PointerScope();
          var _ = new NoGradGuard();
          var _ = Autocast.open(precision, hardware.type())) {
        Batch placed = hardware.place(batches.next());
        long counted = positions(placed);
        sum += model.loss(placed).item_double() * counted;
        tokens += counted;
      }
    }
    model.train(true);
    return new Result(sum / tokens, tokens);
  }

  /** Positions whose loss counts. */
  static long positions(Batch batch) {
    Tensor mask = batch.lossMask();
    return mask == null ? batch.labels().numel() : mask.sum().item_long();
  }
}
