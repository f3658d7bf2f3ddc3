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
  private static final int TRIALS = 3;

  /**
   * Measures, again where other programs took so much of the machine that a layer seems to be
   * faster than its arithmetic.
   *
   * @throws IllegalStateException when it stays so busy
   * @throws java.util.NoSuchElementException for a device without sparse products
   */
  public static LayerSpeeds measure(Device device, List<Double> densities) {
    var measurement = new CrossoverMeasurement(device);
    for (int trial = 0; trial < TRIALS; trial++) {
      LayerSpeeds speeds = of(measurement.seconds(SIZE, densities), densities);
      if (speeds.efficiencies.values().stream().allMatch(efficiency -> efficiency <= 1)) {
        return speeds;
      }
    }
    throw new IllegalStateException(
        "other programs keep this machine too busy to measure its speed; try again when it is quiet");
  }

  /**
   * @param seconds of the dense layer, then of one of each density
   */
  static LayerSpeeds of(double[] seconds, List<Double> densities) {
    var efficiencies = new LinkedHashMap<Double, Double>();
    for (int i = 0; i < densities.size(); i++) {
      double density = densities.get(i);
      efficiencies.put(density, seconds[0] / seconds[i + 1] * density);
    }
    return new LayerSpeeds(
        6.0 * CrossoverMeasurement.TOKENS * SIZE * SIZE / seconds[0], efficiencies);
  }
}
