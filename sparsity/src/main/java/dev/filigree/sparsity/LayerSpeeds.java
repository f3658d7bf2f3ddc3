package dev.filigree.sparsity;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Device;

/**
 * How fast a linear layer of 1,024 inputs and outputs trains on a device of this machine, forward
 * and both gradients with 512 tokens: dense, and compressed at some densities. A measurement of a
 * few seconds, of the layers alone.
 *
 * @param denseFlops operations a second of the dense layer, two for each weight, token and product
 * @param efficiencies the compressed layer's speed against dense, times its density, by density
 */
public record LayerSpeeds(double denseFlops, Map<Double, Double> efficiencies) {
  private static final int SIZE = 1024;

  /**
   * Measures.
   *
   * @throws java.util.NoSuchElementException for a device without sparse products
   */
  public static LayerSpeeds measure(Device device, List<Double> densities) {
    double[] seconds = new CrossoverMeasurement(device).seconds(SIZE, densities);
    var efficiencies = new LinkedHashMap<Double, Double>();
    for (int i = 0; i < densities.size(); i++) {
      double density = densities.get(i);
      efficiencies.put(density, seconds[0] / seconds[i + 1] * density);
    }
    return new LayerSpeeds(
        6.0 * CrossoverMeasurement.TOKENS * SIZE * SIZE / seconds[0], efficiencies);
  }
}
