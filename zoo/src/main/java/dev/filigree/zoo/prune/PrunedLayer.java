package dev.filigree.zoo.prune;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalDouble;

/**
 * What became of one weight.
 *
 * @param name of the parameter
 * @param size elements
 * @param kept of them that exist
 * @param outputError how far the layer's outputs are from what they were, relative to those
 *     (Frobenius norms over all calibration tokens); empty without calibration
 */
public record PrunedLayer(String name, long size, long kept, OptionalDouble outputError) {
  /** The fraction that is gone. */
  public double sparsity() {
    return 1 - (double) kept / size;
  }

  /** The figures for a record of the pruning. */
  public Map<String, Object> toMap() {
    var map = new LinkedHashMap<String, Object>();
    map.put("name", name);
    map.put("size", size);
    map.put("kept", kept);
    map.put("sparsity", sparsity());
    outputError.ifPresent(error -> map.put("output_error", error));
    return map;
  }
}
