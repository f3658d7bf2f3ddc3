package dev.filigree.safetensors;

import dev.filigree.torch.Tensors;
import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Collectors;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * The element types of the format that libtorch has too, in the order in which the reference
 * implementation lays tensors out in a file.
 */
public enum ElementType {
  U64(8, ScalarType.UInt64),
  I64(8, ScalarType.Long),
  F64(8, ScalarType.Double),
  F32(4, ScalarType.Float),
  U32(4, ScalarType.UInt32),
  I32(4, ScalarType.Int),
  BF16(2, ScalarType.BFloat16),
  F16(2, ScalarType.Half),
  U16(2, ScalarType.UInt16),
  I16(2, ScalarType.Short),
  F8_E4M3(1, ScalarType.Float8_e4m3fn),
  F8_E5M2(1, ScalarType.Float8_e5m2),
  I8(1, ScalarType.Char),
  U8(1, ScalarType.Byte),
  BOOL(1, ScalarType.Bool);

  private final int bytes;
  private final ScalarType scalarType;

  ElementType(int bytes, ScalarType scalarType) {
    this.bytes = bytes;
    this.scalarType = scalarType;
  }

  /** Bytes of one element. */
  public int bytes() {
    return bytes;
  }

  /** The type of libtorch's tensors of such elements. */
  public ScalarType scalarType() {
    return scalarType;
  }

  static Optional<ElementType> named(String name) {
    return Arrays.stream(values()).filter(type -> type.name().equals(name)).findFirst();
  }

  /**
   * The type of a libtorch tensor's elements.
   *
   * @throws SafetensorsException for a type that the format does not have
   */
  public static ElementType of(Tensor tensor) {
    ScalarType scalarType = Tensors.type(tensor);
    return Arrays.stream(values())
        .filter(type -> type.scalarType == scalarType)
        .findFirst()
        .orElseThrow(
            () ->
                new SafetensorsException(
                    "safetensors has no element type for " + scalarType + "; it has " + names()));
  }

  static String names() {
    return Arrays.stream(values()).map(Enum::name).collect(Collectors.joining(", "));
  }
}
