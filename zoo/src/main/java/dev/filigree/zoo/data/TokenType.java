package dev.filigree.zoo.data;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** How a token file stores its ids: the smallest type that holds the vocabulary, little endian. */
enum TokenType {
  UINT8(1),
  UINT16(2),
  INT32(4);

  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final int bytes;

  TokenType(int bytes) {
    this.bytes = bytes;
  }

  static TokenType of(int vocabularySize) {
    if (vocabularySize <= 1 << 8) {
      return UINT8;
    }
    return vocabularySize <= 1 << 16 ? UINT16 : INT32;
  }

  int bytes() {
    return bytes;
  }

  /** Copies ids into int64 elements. */
  void copy(MemorySegment tokens, long from, long count, MemorySegment target, long offset) {
    switch (this) {
      case UINT8 -> {
        for (long i = 0; i < count; i++) {
          int token = Byte.toUnsignedInt(tokens.get(ValueLayout.JAVA_BYTE, from + i));
          target.setAtIndex(ValueLayout.JAVA_LONG, offset + i, token);
        }
      }
      case UINT16 -> {
        for (long i = 0; i < count; i++) {
          int token = Short.toUnsignedInt(tokens.getAtIndex(SHORT, from + i));
          target.setAtIndex(ValueLayout.JAVA_LONG, offset + i, token);
        }
      }
      case INT32 -> {
        for (long i = 0; i < count; i++) {
          target.setAtIndex(ValueLayout.JAVA_LONG, offset + i, tokens.getAtIndex(INT, from + i));
        }
      }
    }
  }

  void set(MemorySegment tokens, long index, int token) {
    switch (this) {
      case UINT8 -> tokens.set(ValueLayout.JAVA_BYTE, index, (byte) token);
      case UINT16 -> tokens.setAtIndex(SHORT, index, (short) token);
      case INT32 -> tokens.setAtIndex(INT, index, token);
    }
  }
}
