package dev.filigree.kernels;

import dev.filigree.kernels.loops.BlockKernels;
import org.jspecify.annotations.Nullable;

/**
 * A matrix [tokens, features] in the tiled layout that the kernels read. It is packed once and then
 * shared by every product that reads the same activations, including the weight gradient.
 *
 * <p>Create one with {@link SparseKernels#pack}. Closing it returns its memory to a pool for reuse;
 * a closed instance must not be passed to a product.
 */
public final class PackedTokens implements AutoCloseable {
  private final SparseKernels owner;
  private final int tokens;
  private final int features;
  private @Nullable NativeBuffer buffer;

  PackedTokens(SparseKernels owner, int tokens, int features, NativeBuffer buffer) {
    this.owner = owner;
    this.tokens = tokens;
    this.features = features;
    this.buffer = buffer;
  }

  /** The bytes that so many tokens take, with room for reads past the last column of a panel. */
  static long bytes(int tokens, int features) {
    long floats = 0;
    for (int tile = 0; tile < tiles(tokens); tile++) {
      floats += (long) features * width(tokens, tile);
    }
    return 4 * (floats + (long) Panels.MAX_WIDTH * BlockKernels.WIDE);
  }

  /** The number of packed rows. */
  public int tokens() {
    return tokens;
  }

  /** The number of elements in a row. */
  public int features() {
    return features;
  }

  int tiles() {
    return tiles(tokens);
  }

  int width(int tile) {
    return width(tokens, tile);
  }

  /** The number of tokens in a tile; the rest of its width is zero. */
  int tokensIn(int tile) {
    return Math.min(BlockKernels.WIDE, tokens - tile * BlockKernels.WIDE);
  }

  /** The size of a full tile in bytes. */
  long bytesOfTile() {
    return 4L * BlockKernels.WIDE * features;
  }

  /** The address of a feature's row in a tile. */
  long address(int tile, int feature) {
    if (buffer == null) {
      throw new IllegalStateException("the packed tokens have been closed");
    }
    return buffer.address() + tile * bytesOfTile() + 4L * feature * width(tile);
  }

  @Override
  public void close() {
    if (buffer != null) {
      owner.takeBack(buffer);
      buffer = null;
    }
  }

  private static int tiles(int tokens) {
    return Math.ceilDiv(tokens, BlockKernels.WIDE);
  }

  private static int width(int tokens, int tile) {
    if (tokens <= BlockKernels.FEW) {
      return BlockKernels.FEW;
    }
    return tokens - tile * BlockKernels.WIDE <= BlockKernels.NARROW
        ? BlockKernels.NARROW
        : BlockKernels.WIDE;
  }
}
