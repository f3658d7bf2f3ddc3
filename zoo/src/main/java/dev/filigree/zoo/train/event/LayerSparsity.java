package dev.filigree.zoo.train.event;

import dev.filigree.sparsity.SparseParameter;
import java.util.Arrays;
import java.util.List;

/**
 * How sparse a parameter is.
 *
 * @param shape [out_features, in_features] for a linear layer
 * @param kept weights that the mask keeps, counted
 * @param targetSparsity the fraction that was asked for at this step
 * @param sparsity counted
 */
public record LayerSparsity(
    String parameter, List<Long> shape, long kept, double targetSparsity, double sparsity) {
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

  /** The sparsity that was asked for, over all these parameters; 0 for none. */
  public static double target(List<LayerSparsity> layers) {
    double asked = 0;
    long size = 0;
    for (LayerSparsity layer : layers) {
      long elements = layer.shape().stream().reduce(1L, Math::multiplyExact);
      asked += layer.targetSparsity() * elements;
      size += elements;
    }
    return size == 0 ? 0 : asked / size;
  }
}
