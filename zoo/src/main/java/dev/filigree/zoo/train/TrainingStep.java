package dev.filigree.zoo.train;

import dev.filigree.optim.GradScaler;
import dev.filigree.optim.GradientClipping;
import dev.filigree.optim.GradientExchange;
import dev.filigree.optim.GradientNorms;
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
import java.util.Set;
import java.util.stream.Collectors;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/** One optimizer step: micro-batches, backward passes, clipping, the finite check, the update. */
final class TrainingStep implements AutoCloseable {
  private final Session session;
  private final PrecisionConfig precision;
  private final Set<Long> sparse; // the identities of what the optimizer updates
  private final int microBatches;
  private final int microBatchSize;
  private final @Nullable ReplicaGradients gradients; // null for a process by itself

  TrainingStep(Session session) {
    RunConfig config = session.config();
    this.session = session;
    precision = config.precision();
    sparse =
        session.sparseParameters().stream()
            .map(parameter -> Tensors.identity(parameter.weight()))
            .collect(Collectors.toSet());
    microBatchSize = config.microBatchSize();
    microBatches = config.microBatches();
    gradients =
        session.exchange() == GradientExchange.none() ? null : new ReplicaGradients(session);
  }

  /**
   * What a step gave.
   *
   * @param loss mean over the positions of all micro-batches, nats a token
   * @param norms of the gradients before clipping, masked; the chosen ones are the sparse
   *     parameters'
   * @param positions trained on, by all replicas together
   * @param skipped why there was no update; empty when there was one
   * @param stop whether the run ends here: a stop was requested on one of the replicas
   */
  record Outcome(double loss, GradientNorms norms, long positions, String skipped, boolean stop) {
    boolean isSkipped() {
      return !skipped.isEmpty();
    }
  }

  /**
   * Makes one step after {@code step} finished ones, or none when something is not finite.
   *
   * @param stopRequested whether a stop was requested in this process
   */
  Outcome make(long step, boolean stopRequested) {
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
      positions = everyones(positions);
      // Gradients are averaged over the replicas: each counts for as many as there are.
      double replicas = session.replica().size();
      var shares = new ArrayList<Tensor>();
      for (Batch batch : batches) {
        if (gradients != null && shares.size() == microBatches - 1) {
          gradients.expect();
        }
        double weight = replicas * Evaluator.positions(batch) / positions;
        shares.add(Tensors.kept(() -> backward(session.hardware().place(batch), weight)));
      }
      if (gradients != null) {
        gradients.finish();
      }
      List<Tensor> trained = session.trained();
      GradientNorms norms = clip(trained);
      double loss = sum(shares); // read after all that a GPU can do without the host
      boolean stop = stopRequested;
      if (!session.replica().isAlone()) {
        double[] means = session.exchange().average(loss, stop ? 1 : 0);
        loss = means[0];
        stop = means[1] > 0;
      }
      String skipped = notFinite(loss, norms.all());
      if (skipped.isEmpty()) {
        session.optimizer().step();
      } else {
        // The forward pass has already taken the batch into the running averages.
        buffersBefore.forEach(Tensor::copy_);
        session.optimizer().stepSkipped();
      }
      session.lossScale().ifPresent(GradScaler::update);
      return new Outcome(loss, norms, positions, skipped, stop);
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
    try (var _ =
        Autocast.open(session.hardware().type(), session.hardware().computing(precision.type()))) {
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

  /** Lets go of the parameters; the session is closed afterwards. */
  @Override
  public void close() {
    if (gradients != null) {
      gradients.close();
    }
  }

  /** Positions in the batches of all replicas together. */
  private long everyones(long positions) {
    return session.replica().isAlone()
        ? positions
        : Math.round(session.exchange().average((double) positions)[0] * session.replica().size());
  }

  /** The norms of the gradients; clips them as configured. */
  private GradientNorms clip(List<Tensor> trained) {
    session.lossScale().ifPresent(scaler -> scaler.unscale(session.optimizer()));
    if (precision.maxGradientNorm() != null) {
      return GradientClipping.clipNorm(trained, precision.maxGradientNorm(), this::isSparse);
    }
    GradientNorms norms = GradientClipping.norm(trained, this::isSparse);
    if (precision.maxGradientValue() != null) {
      GradientClipping.clipValue(trained, precision.maxGradientValue());
    }
    return norms;
  }

  private boolean isSparse(Tensor parameter) {
    return sparse.contains(Tensors.identity(parameter));
  }

  private static String notFinite(double loss, double norm) {
    if (!Double.isFinite(loss)) {
      return "loss is " + loss;
    }
    return Double.isFinite(norm) ? "" : "gradient norm is " + norm;
  }
}
