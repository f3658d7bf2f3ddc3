package dev.filigree.kernels.loops;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Raw access to native memory by address, for loops whose arguments a facade has checked. */
public final class Memory {
  /**
   * All memory, addressed from zero. One constant segment, because a loop that sees segments of
   * several kinds is compiled badly, and because its bounds checks fold away.
   */
  @SuppressWarnings("restricted") // the whole point; every caller is behind a checking facade
  public static final MemorySegment ALL = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

  /**
   * The bits of a user-space address. Masking an address with it tells the compiler that a sum of
   * the address and an offset stays in {@link #ALL}, so that no check is left in the loop.
   */
  public static final long ADDRESS = 0x7fff_ffff_ffffL;

  /** A float32 at any address. */
  public static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED;

  /** An unsigned 16-bit number, such as an index within a block, at any address. */
  public static final ValueLayout.OfChar CHAR = ValueLayout.JAVA_CHAR_UNALIGNED;

  /** A 32-bit integer at any address. */
  public static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;

  private Memory() {}
}
