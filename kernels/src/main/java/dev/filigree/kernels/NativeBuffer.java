package dev.filigree.kernels;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Native memory that is reused, so that mask updates and training steps do not leave their arrays
 * to the garbage collector, which cannot see how large they are.
 */
final class NativeBuffer {
  /** A page, so that tiles start on a cache line and rows of a tile never straddle one. */
  private static final long ALIGNMENT = 4096;

  private MemorySegment segment = MemorySegment.NULL;

  /**
   * The memory, at least {@code bytes} long and at most twice that; its contents are lost when the
   * size has to change.
   */
  MemorySegment reserve(long bytes) {
    long needed = Math.max(bytes, ALIGNMENT);
    if (segment.byteSize() < needed || segment.byteSize() > 2 * needed) {
      segment = Arena.ofAuto().allocate(needed, ALIGNMENT);
    }
    return segment;
  }

  MemorySegment segment() {
    return segment;
  }

  long address() {
    return segment.address();
  }

  long byteSize() {
    return segment.byteSize();
  }
}
