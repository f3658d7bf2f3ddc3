package dev.filigree.mask;

import dev.filigree.config.Default;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/**
 * SynFlow: the weights stay through which most of the network's own flow goes, found in many small
 * prunings. Tanaka et al., "Pruning neural networks without any data by iteratively conserving
 * synaptic flow", NeurIPS 2020, algorithm 1: R is the sum of the outputs of the network of |θ|, a
 * weight's score |∂R/∂θ ⊙ θ|, and of iteration k of n the density d^(k/n). The selection of the
 * paper is over all layers: {@code distribution: global}.
 *
 * <p>The input is of ones. Networks of tokens have no such; theirs is the first sample of the
 * training data. Hardly any flow depends on queries and keys, so that a selection over all layers
 * of a transformer empties them: select layer by layer there.
 *
 * @param iterations n, 100 in the paper
 */
public record SynFlow(@Default("100") int iterations) implements CalibratedMask {
  /**
   * @throws IllegalArgumentException for less than one iteration
   */
  public SynFlow {
    CalibratedMask.requirePositive("iterations", iterations);
  }

  /** The flow of each iteration. */
  @Override
  public Passes passes() {
    return new Passes(0, iterations);
  }

  @Override
  public List<Tensor> scores(Calibration network) {
    List<Tensor> parameters = network.parameters();
    List<Tensor> before = parameters.stream().map(Tensor::clone).toList();
    try {
      parameters.forEach(Tensor::abs_);
      List<Tensor> scores = flow(network);
      for (int k = 1; k < iterations; k++) {
        double density = Math.pow(1 - network.sparsity(), (double) k / iterations);
        List<Tensor> masks = network.best(scores, 1 - density);
        for (int i = 0; i < masks.size(); i++) {
          network.weights().get(i).mul_(masks.get(i)); // what went has no flow, and stays away
        }
        scores = flow(network);
      }
      return scores;
    } finally {
      for (int i = 0; i < before.size(); i++) {
        parameters.get(i).copy_(before.get(i));
      }
    }
  }

  private static List<Tensor> flow(Calibration network) {
    List<Tensor> gradients = network.outputGradients();
    var scores = new ArrayList<Tensor>();
    for (int i = 0; i < gradients.size(); i++) {
      Tensor weight = network.weights().get(i);
      Tensor flow = weight.mul(gradients.get(i)).abs();
      // Normalization makes some flows zero: a weight that exists comes before one that went.
      scores.add(flow.masked_fill(weight.eq(new Scalar(0.0)), new Scalar(-1.0)));
    }
    return scores;
  }
}
