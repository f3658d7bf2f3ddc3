package dev.filigree.zoo.train;

import dev.filigree.optim.GradScaler;
import dev.filigree.optim.GradientClipping;
import dev.filigree.torch.Autocast;
import dev.filigree.torch.Tensors;
import dev.filigree.zoo.config.PrecisionConfig;
import dev.filigree.zoo.config.RunConfig;
import dev.filigree.zoo.data.Batch;
import java.util.ArrayList;
import java.util.Collection;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

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
   * @param positions trained on, by all replicas together
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
        Batch batch = session.trainData().next(microBatchSize);
        batches.add(batch);
        positions += Evaluator.positions(batch);
      }
      Map<Tensor, Tensor> buffersBefore = copies(session.buffers());
      var shares = new ArrayList<Tensor>();
      for (Batch batch : batches) {
        double weight = (double) Evaluator.positions(batch) / positions;
        shares.add(Tensors.kept(() -> backward(session.hardware().place(batch), weight)));
      }
      List<Tensor> trained = session.trained();
      double loss;
      double norm;
      if (session.replica().isAlone()) {
        session.exchange().average(gradients(trained));
        norm = clip(trained);
        loss = sum(shares); // read after all that a GPU can do without the host
      } else {
        Totals totals = exchange(gradients(trained), sum(shares), positions);
        loss = totals.loss;
        positions = totals.positions;
        norm = clip(trained);
      }
      String skipped = notFinite(loss, norm);
      if (skipped.isEmpty()) {
        session.optimizer().step();
      } else {
        // The forward pass has already taken the batch into the running averages.
        buffersBefore.forEach(Tensor::copy_);
        session.optimizer().stepSkipped();
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
  private Tensor backward(Batch batch, double weight) {
    Tensor share;
    try (var _ = Autocast.open(session.hardware().type(), precision.type().elements())) {
      share = session.model().loss(batch).mul(new Scalar(weight));
    }
    session.lossScale().map(scaler -> scaler.scale(share)).orElse(share).backward();
    return share.detach();
  }

  private static double sum(List<Tensor> shares) {
    double sum = 0;
    for (Tensor share : shares) {
      sum += share.item_double();
    }
    return sum;
  }

  private static List<Tensor> gradients(List<Tensor> trained) {
    return trained.stream().map(Tensor::grad).filter(Tensor::defined).toList();
  }

  /** What all replicas' batches gave together. */
  private record Totals(double loss, long positions) {}

  /**
   * Makes the gradients of all replicas' batches together of this one's, so that every position
   * counts the same whichever replica it was read by; and running averages, so that replicas
   * evaluate alike.
   */
  private Totals exchange(List<Tensor> gradients, double loss, long positions) {
    try (var _ = new PointerScope();
        var _ = new NoGradGuard()) {
      gradients.forEach(gradient -> gradient.mul_(new Scalar((double) positions)));
      Tensor counted = number((double) positions);
      Tensor lost = number(loss * positions);
      var tensors = new ArrayList<Tensor>(gradients);
      tensors.addAll(session.buffers());
      tensors.addAll(List.of(counted, lost));
      session.exchange().average(tensors);
      double mean = counted.item_double();
      gradients.forEach(gradient -> gradient.div_(new Scalar(mean)));
      return new Totals(lost.item_double() / mean, Math.round(mean * session.replica().size()));
    }
  }

  /** A number beside the gradients, float64 [1]. */
  private Tensor number(double value) {
    var options =
        new TensorOptions(session.trained().getFirst().device())
            .dtype(new ScalarTypeOptional(ScalarType.Double));
    return torch.full(new long[] {1}, new Scalar(value), options);
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
