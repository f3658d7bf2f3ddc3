package dev.filigree.sparsity;

import dev.filigree.optim.GradientExchange;
import dev.filigree.optim.Replica;
import dev.filigree.torch.Tensors;
import java.util.List;
import java.util.Optional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** Whether all replicas keep the same weights: a hash of the positions, compared. */
public final class PositionHashes {
  private static final long FACTOR = 0x9E3779B97F4A7C15L;
  private static final int SHIFT = 29;

  private PositionHashes() {}

  /**
   * Compares the positions of all parameters with those on the other replicas, who make the same
   * call.
   *
   * @return what differs, for the end of a sentence: the first parameter and a replica whose
   *     positions are not those of replica 0; empty where all agree
   */
  public static Optional<String> difference(
      List<SparseParameter> parameters, Replica replica, GradientExchange exchange) {
    int layers = parameters.size();
    if (layers == 0) {
      return Optional.empty();
    }
    // Each replica fills in its own row, so that the sum is the rows of all.
    double[] rows = new double[replica.size() * layers];
    for (int i = 0; i < layers; i++) {
      rows[replica.rank() * layers + i] = hash(parameters.get(i).mask());
    }
    double[] means = exchange.average(rows);
    for (int i = 0; i < layers; i++) {
      for (int rank = 1; rank < replica.size(); rank++) {
        if (sum(means[rank * layers + i], replica) != sum(means[i], replica)) {
          return Optional.of(
              "%s keeps other weights on replica %d than on replica 0"
                  .formatted(parameters.get(i).name(), rank));
        }
      }
    }
    return Optional.empty();
  }

  private static long sum(double mean, Replica replica) {
    return Math.round(mean * replica.size());
  }

  /** Of 32 bits, which a float64 holds exactly; independent of the order of the positions. */
  private static double hash(Tensor mask) {
    long[] sum = new long[1];
    Tensors.inScope(
        () -> {
          Tensor mixed = mask.flatten().nonzero().flatten().to(ScalarType.Long);
          mixed = mixed.add(new Scalar(1L)).mul(new Scalar(FACTOR));
          mixed = mixed.bitwise_xor(mixed.__rshift__(new Scalar(SHIFT))).mul(new Scalar(FACTOR));
          sum[0] = mixed.sum().item_long();
        });
    return (sum[0] ^ sum[0] >>> Integer.SIZE) & 0xFFFF_FFFFL;
  }
}
