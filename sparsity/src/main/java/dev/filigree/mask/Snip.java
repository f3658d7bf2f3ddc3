package dev.filigree.mask;

import dev.filigree.config.Default;
import java.util.List;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;

/**
 * SNIP: the weights stay whose removal would change the loss most, to first order. Lee, Ajanthan
 * and Torr, "SNIP: Single-shot Network Pruning based on Connection Sensitivity", ICLR 2019,
 * equations 5 and 6: |∂L/∂c| = |w · ∂L/∂w|. Their selection is over all layers: {@code
 * distribution: global}.
 *
 * @param batches that the gradient is the mean of; 1 in the paper
 */
public record Snip(@Default("1") int batches) implements CalibratedMask {
  /**
   * @throws IllegalArgumentException for less than one batch
   */
  public Snip {
    CalibratedMask.requirePositive("batches", batches);
  }

  /** The gradient of each batch. */
  @Override
  public Passes passes() {
    return new Passes(batches, 0);
  }

  @Override
  public List<Tensor> scores(Calibration network) {
    List<Tensor> weights = network.weights();
    List<Tensor> gradients = network.lossGradients(batches);
    return IntStream.range(0, weights.size())
        .mapToObj(i -> weights.get(i).mul(gradients.get(i)).abs())
        .toList();
  }
}
