package dev.filigree.kernels;

import java.lang.foreign.MemorySegment;

/** Checks of arguments that several facades share. */
final class ArgumentChecks {
  private ArgumentChecks() {}

  /**
   * Rejects a segment that is not native, not aligned to 4 bytes, or not exactly {@code count} fp32
   * numbers long.
   */
  static void floats(String name, MemorySegment segment, long count) {
    if (segment.byteSize() != 4 * count) {
      throw new IllegalArgumentException(
          "%s has %d bytes; %d fp32 numbers take %d"
              .formatted(name, segment.byteSize(), count, 4 * count));
    }
    if (count > 0 && (!segment.isNative() || segment.address() % 4 != 0)) {
      throw new IllegalArgumentException(name + " must be native memory aligned to 4 bytes");
    }
  }
}
