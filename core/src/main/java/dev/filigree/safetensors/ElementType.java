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
  /** An unsigned 64-bit integer. */
  U64(8, ScalarType.UInt64),
  /** A signed 64-bit integer. */
  I64(8, ScalarType.Long),
  /** An IEEE 754 double-precision float. */
  F64(8, ScalarType.Double),
  /** An IEEE 754 single-precision float. */
  F32(4, ScalarType.Float),
  /** An unsigned 32-bit integer. */
  U32(4, ScalarType.UInt32),
  /** A signed 32-bit integer. */
  I32(4, ScalarType.Int),
  /** A bfloat16: 8 bits of exponent, 7 of mantissa. */
  BF16(2, ScalarType.BFloat16),
  /** An IEEE 754 half-precision float: 5 bits of exponent, 10 of mantissa. */
  F16(2, ScalarType.Half),
  /** An unsigned 16-bit integer. */
  U16(2, ScalarType.UInt16),
  /** A signed 16-bit integer. */
  I16(2, ScalarType.Short),
  /** A float of 8 bits: 4 of exponent, 3 of mantissa, no infinities. */
  F8_E4M3(1, ScalarType.Float8_e4m3fn),
  /** A float of 8 bits: 5 of exponent, 2 of mantissa. */
  F8_E5M2(1, ScalarType.Float8_e5m2),
  /** A signed byte. */
  I8(1, ScalarType.Char),
  /** An unsigned byte. */
  U8(1, ScalarType.Byte),
  /** A boolean in one byte, 0 or 1. */
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
