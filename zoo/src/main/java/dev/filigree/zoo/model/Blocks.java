package dev.filigree.zoo.model;

import dev.filigree.nn.Layer;
import java.util.List;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Tensor;

/**
 * The blocks that a network's residual stream goes through, for those who go through them one by
 * one.
 *
 * @param input of the first block for some tokens, [batch, sequence, hidden]
 * @param blocks from the first to the last
 */
public record Blocks(Tensor input, List<Block> blocks) {
  /** The blocks are copied. */
  public Blocks {
    blocks = List.copyOf(blocks);
  }

  /**
   * One of the blocks.
   *
   * @param layer with the block's parameters
   * @param forward from [batch, sequence, hidden] to the same shape, of any tokens
   */
  public record Block(Layer layer, UnaryOperator<Tensor> forward) {}
}
