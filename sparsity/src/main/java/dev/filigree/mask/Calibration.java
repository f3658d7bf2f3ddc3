package dev.filigree.mask;

import java.util.List;
import org.bytedeco.pytorch.Tensor;

/**
 * What a {@link CalibratedMask} may ask of the network, in which every weight still exists. Lists
 * are in the order of {@link #weights}; gradients are new tensors.
 */
public interface Calibration {
  /** The weights to be chosen among, detached; they may be changed between passes. */
  List<Tensor> weights();

  /** All parameters that are trained, those above too, detached; they may be changed likewise. */
  List<Tensor> parameters();

  /**
   * The mean gradient of the loss over the first calibration batches, which are the same whenever
   * they are asked for.
   *
   * @param batches how many, at least 1
   */
  List<Tensor> lossGradients(int batches);

  /** The gradient of the sum of the network's outputs, in evaluation mode. */
  List<Tensor> outputGradients();

  /** The sparsity to come to, over all weights: a fraction. */
  double sparsity();

  /**
   * The weights with the largest scores, spread over the layers as the algorithm's distribution
   * says: in each layer for itself, or over all ({@code global}).
   *
   * @param sparsity of all of them together, a fraction
   * @return bool
   */
  List<Tensor> best(List<Tensor> scores, double sparsity);
}
