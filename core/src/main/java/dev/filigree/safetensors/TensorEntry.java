package dev.filigree.safetensors;

import java.util.List;

/**
 * What a header says of one tensor.
 *
 * @param begin the offset of its first byte, from the end of the header
 * @param end the offset after its last byte
 */
public record TensorEntry(String name, ElementType type, List<Long> shape, long begin, long end) {
  /** An entry with a copy of the shape. */
  public TensorEntry {
    shape = List.copyOf(shape);
  }

  long[] dimensions() {
    return shape.stream().mapToLong(Long::longValue).toArray();
  }
}
