package dev.filigree.cli;

import dev.filigree.kernels.SparseMatrix;
import dev.filigree.torch.Tensors;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/**
 * The structure of a parameter.
 *
 * @param kept weights that exist: by the mask, else those that are not zero
 * @param deadRows rows (outputs) without a weight
 * @param deadColumns columns (inputs) without a weight
 * @param denseBytes of all elements
 * @param storedBytes that the parameter takes in compressed execution where there is a mask: the
 *     kept weights and the structure of their positions, as the kernels hold it
 * @param masked whether a mask decides what exists
 */
record LayerStructure(
    String name,
    List<Long> shape,
    long kept,
    long deadRows,
    long deadColumns,
    long denseBytes,
    long storedBytes,
    boolean masked) {
  static LayerStructure of(String name, Tensor weight, @Nullable Tensor mask) {
    try (var _ = new PointerScope();
        var _ = new NoGradGuard()) {
      Tensor exists = mask == null ? weight.ne(torch.zeros_like(weight)) : mask;
      long kept = exists.sum().item_long();
      boolean matrix = weight.dim() >= 2;
      Tensor rows = matrix ? exists.reshape(weight.size(0), -1) : exists.reshape(1, -1);
      return new LayerStructure(
          name,
          Arrays.stream(Tensors.shape(weight)).boxed().toList(),
          kept,
          matrix ? empty(rows, 1) : 0,
          matrix ? empty(rows, 0) : 0,
          weight.numel() * weight.element_size(),
          mask == null
              ? weight.numel() * weight.element_size()
              : kept * weight.element_size() + structureBytes(rows),
          mask != null);
    }
  }

  /** Bytes of the positions of a bool matrix in compressed execution. */
  private static long structureBytes(Tensor mask) {
    Tensor flat = mask.contiguous();
    return SparseMatrix.ofMask(
            Math.toIntExact(flat.size(0)), Math.toIntExact(flat.size(1)), Tensors.segment(flat))
        .structureBytes();
  }

  /** Slices without a true element, along the other dimension. */
  private static long empty(Tensor rows, long dimension) {
    return rows.any(dimension).logical_not().sum().item_long();
  }

  long size() {
    return shape.stream().reduce(1L, Math::multiplyExact);
  }

  /** A fraction. */
  double sparsity() {
    return 1 - kept / (double) size();
  }

  Map<String, Object> toMap() {
    var map = new LinkedHashMap<String, Object>();
    map.put("parameter", name);
    map.put("shape", shape);
    map.put("kept", kept);
    map.put("sparsity", sparsity());
    map.put("dead_rows", deadRows);
    map.put("dead_columns", deadColumns);
    map.put("dense_bytes", denseBytes);
    map.put("stored_bytes", storedBytes);
    map.put("masked", masked);
    return map;
  }
}
