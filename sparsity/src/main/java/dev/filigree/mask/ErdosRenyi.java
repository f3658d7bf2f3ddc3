package dev.filigree.mask;

import java.util.Arrays;
import java.util.List;

/**
 * The Erdős–Rényi distribution: a layer's density is ε times (sum of dimensions)/(product of
 * dimensions), with the one ε that gives the whole its sparsity. Layers that would exceed density 1
 * become dense, and ε rises for the others.
 *
 * @param kernel whether all dimensions count, or only out and in
 */
record ErdosRenyi(boolean kernel) implements Distribution {
  /** One, but for rounding. */
  private static final double DENSE = 1 - 1e-12;

  @Override
  public double[] spread(double sparsity, List<? extends Parameter> parameters) {
    double[] densities = densities(parameters.stream().map(Parameter::shape).toList(), sparsity);
    return Arrays.stream(densities).map(density -> 1 - density).toArray();
  }

  private double[] densities(List<long[]> shapes, double sparsity) {
    long[] sizes = shapes.stream().mapToLong(Shapes::size).toArray();
    double[] likelihoods = shapes.stream().mapToDouble(this::likelihood).toArray();
    // Whole zeros of each layer, as the reference implementations count them.
    long kept = Arrays.stream(sizes).map(size -> size - Counting.zeros(size, sparsity)).sum();
    var dense = new boolean[sizes.length];
    double epsilon;
    do {
      epsilon = epsilon(sizes, likelihoods, dense, kept);
    } while (makeGreatestDense(likelihoods, dense, epsilon));
    var densities = new double[sizes.length];
    for (int i = 0; i < sizes.length; i++) {
      densities[i] = dense[i] ? 1 : epsilon * likelihoods[i];
    }
    return densities;
  }

  /** The ε with which the layers that are not dense hold what the dense ones leave. */
  private static double epsilon(long[] sizes, double[] likelihoods, boolean[] dense, long kept) {
    long left = kept;
    double weights = 0;
    for (int i = 0; i < sizes.length; i++) {
      if (dense[i]) {
        left -= sizes[i];
      } else {
        weights += likelihoods[i] * sizes[i];
      }
    }
    return weights == 0 ? 0 : left / weights;
  }

  /** Makes the layers of greatest likelihood dense if they would exceed density 1. */
  private static boolean makeGreatestDense(double[] likelihoods, boolean[] dense, double epsilon) {
    double greatest = 0;
    for (int i = 0; i < dense.length; i++) {
      greatest = dense[i] ? greatest : Math.max(greatest, likelihoods[i]);
    }
    if (epsilon * greatest < DENSE) {
      return false;
    }
    for (int i = 0; i < dense.length; i++) {
      dense[i] |= likelihoods[i] == greatest;
    }
    return true;
  }

  private double likelihood(long[] shape) {
    long[] counted = kernel || shape.length < 2 ? shape : Arrays.copyOf(shape, 2);
    return (double) Arrays.stream(counted).sum() / Shapes.size(counted);
  }
}
