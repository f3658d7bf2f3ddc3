package dev.filigree.zoo.train.event;

import dev.filigree.sparsity.SparseParameter;
import java.util.Arrays;
import java.util.List;

/**
 * How sparse a parameter is.
 *
 * @param shape [out_features, in_features] for a linear layer
 * @param kept weights that the mask keeps, counted
 * @param targetSparsity the target at this step, a fraction
 * @param sparsity counted
 */
public record LayerSparsity(
    String parameter, List<Long> shape, long kept, double targetSparsity, double sparsity) {
  /** The shape is copied. */
  public LayerSparsity {
    shape = List.copyOf(shape);
  }

  /** These parameters, counted. */
  public static List<LayerSparsity> of(List<SparseParameter> parameters) {
    return parameters.stream()
        .map(
            parameter ->
                new LayerSparsity(
                    parameter.name(),
                    Arrays.stream(parameter.shape()).boxed().toList(),
                    parameter.kept(),
                    parameter.targetSparsity(),
                    parameter.sparsity()))
        .toList();
  }

  /** The target sparsity over all these parameters; 0 for none. */
  public static double target(List<LayerSparsity> layers) {
    double zeros = 0;
    long size = 0;
    for (LayerSparsity layer : layers) {
      long elements = layer.shape().stream().reduce(1L, Math::multiplyExact);
      zeros += layer.targetSparsity() * elements;
      size += elements;
    }
    return size == 0 ? 0 : zeros / size;
  }
}
