package dev.filigree.zoo.train;

import dev.filigree.optim.GradScaler;
import dev.filigree.optim.GradientClipping;
import dev.filigree.zoo.config.PrecisionConfig;
import dev.filigree.zoo.config.RunConfig;
import dev.filigree.zoo.data.Batch;
import java.util.ArrayList;
import java.util.Collection;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/** One optimizer step: micro-batches, backward passes, clipping, the finite check, the update. */
final class TrainingStep {
  private final Session session;
  private final PrecisionConfig precision;
  private final int microBatches;
  private final int microBatchSize;

  TrainingStep(Session session) {
    RunConfig config = session.config();
    this.session = session;
    precision = config.precision();
    microBatchSize = config.microBatchSize();
    microBatches = config.microBatches();
  }

  /**
   * What a step gave.
   *
   * @param loss mean over the positions of all micro-batches, nats a token
   * @param gradientNorm before clipping, masked
   * @param positions trained on
   * @param skipped why there was no update; empty when there was one
   */
  record Outcome(double loss, double gradientNorm, long positions, String skipped) {
    boolean isSkipped() {
      return !skipped.isEmpty();
    }
  }

  /** Makes one step after {@code step} finished ones, or none when something is not finite. */
  Outcome make(long step) {
    // Dropout draws from the run's seed and the step alone, so that a resumed run draws the same.
    session.hardware().seed(session.config().seed() * 0x9E3779B97F4A7C15L + step);
    session.optimizer().zeroGrad();
    try (var _ = new PointerScope()) {
      var batches = new ArrayList<Batch>();
      long positions = 0;
      for (int i = 0; i < microBatches; i++) {
        Batch batch = session.hardware().place(session.trainData().next(microBatchSize));
        batches.add(batch);
        positions += Evaluator.positions(batch);
      }
      Map<Tensor, Tensor> buffersBefore = copies(session.buffers());
      double loss = 0;
      for (Batch batch : batches) {
        loss += backward(batch, (double) Evaluator.positions(batch) / positions);
      }
      List<Tensor> trained = session.trained();
      double norm = clip(trained);
      String skipped = notFinite(loss, norm);
      if (skipped.isEmpty()) {
        session.optimizer().step();
      } else {
        // The forward pass has already taken the batch into the running averages.
        buffersBefore.forEach(Tensor::copy_);
      }
      session.lossScale().ifPresent(GradScaler::update);
      return new Outcome(loss, norm, positions, skipped);
    }
  }

  private static Map<Tensor, Tensor> copies(Collection<Tensor> tensors) {
    var copies = new IdentityHashMap<Tensor, Tensor>();
    tensors.forEach(tensor -> copies.put(tensor, tensor.clone()));
    return copies;
  }

  /** The share of one micro-batch in the loss; adds its share to the gradients. */
  private double backward(Batch batch, double weight) {
    try (var _ = new PointerScope()) {
      Tensor share;
      try (var _ = Autocast.open(precision.type(), session.hardware().type())) {
        share = session.model().loss(batch).mul(new Scalar(weight));
      }
      session.lossScale().map(scaler -> scaler.scale(share)).orElse(share).backward();
      return share.item_double();
    }
  }

  /** The norm of all gradients; clips them as configured. */
  private double clip(List<Tensor> trained) {
    session.lossScale().ifPresent(scaler -> scaler.unscale(session.optimizer()));
    if (precision.maxGradientNorm() != null) {
      return GradientClipping.clipNorm(trained, precision.maxGradientNorm());
    }
    double norm = GradientClipping.norm(trained);
    if (precision.maxGradientValue() != null) {
      GradientClipping.clipValue(trained, precision.maxGradientValue());
    }
    return norm;
  }

  private static String notFinite(double loss, double norm) {
    if (!Double.isFinite(loss)) {
      return "loss is " + loss;
    }
    return Double.isFinite(norm) ? "" : "gradient norm is " + norm;
  }
}
