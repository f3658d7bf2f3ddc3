package dev.filigree.zoo.train;

import dev.filigree.distributed.GradientBuckets;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Tensor;

/**
 * Makes the gradients of all replicas' batches together of this one's, and their running averages
 * alike, so that replicas evaluate alike.
 */
final class ReplicaGradients implements AutoCloseable {
  private final Session session;
  private final GradientBuckets buckets;

  ReplicaGradients(Session session) {
    this.session = session;
    buckets =
        new GradientBuckets(
            session.exchange(),
            session.trained(),
            session.keptPositions(),
            session.config().parallel().wire().elements());
  }

  /** Says that the next backward pass is the last of a step. */
  void expect() {
    buckets.expect();
  }

  /** Waits until gradients and running averages are those of all. */
  void finish() {
    buckets.finish();
    List<Tensor> buffers = new ArrayList<>(session.buffers());
    if (!buffers.isEmpty()) {
      session.exchange().average(buffers);
    }
  }

  @Override
  public void close() {
    buckets.close();
  }
}
