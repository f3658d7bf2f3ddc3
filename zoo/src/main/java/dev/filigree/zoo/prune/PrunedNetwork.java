package dev.filigree.zoo.prune;

import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;

/**
 * What pruning made of a network.
 *
 * @param layers in the order of the network
 * @param masks bool by parameter name, of the weights' shapes
 */
public record PrunedNetwork(List<PrunedLayer> layers, Map<String, Tensor> masks) {
  /** The list is copied. */
  public PrunedNetwork {
    layers = List.copyOf(layers);
  }

  /** The fraction of all pruned layers' weights that is gone. */
  public double sparsity() {
    long size = layers.stream().mapToLong(PrunedLayer::size).sum();
    return 1 - layers.stream().mapToLong(PrunedLayer::kept).sum() / (double) size;
  }
}
