package dev.filigree.zoo.train;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

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

  Map<String, Object> toMap() {
    var map = new LinkedHashMap<String, Object>();
    map.put("parameter", parameter);
    map.put("shape", shape);
    map.put("kept", kept);
    map.put("target_sparsity", targetSparsity);
    map.put("sparsity", sparsity);
    return map;
  }
}
