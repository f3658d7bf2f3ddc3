package dev.filigree.zoo.model;

import dev.filigree.nn.Embedding;
import dev.filigree.nn.LayerList;
import dev.filigree.nn.Rotary;
import java.util.function.IntFunction;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/** Token embeddings, layers with rotary positions, and a last normalization. */
abstract class RotaryStack extends Part {
  final Embedding tokens; // [vocabulary, hidden]
  private final LayerList<Block> blocks;
  private final Rotary rotary;
  private final double dropout;
  private final Activations activations;

  /** One of the layers. */
  abstract static class Block extends Part {
    /** From [batch, sequence, hidden] to the same shape. */
    abstract Tensor forward(Tensor x, Rotary rotary, @Nullable KeyValueCache cache);
  }

  RotaryStack(
      DecoderConfig config,
      Activations activations,
      Rotary rotary,
      String tokensName,
      IntFunction<Block> block) {
    this.activations = activations;
    this.rotary = rotary;
    tokens =
        embedding(
            tokensName,
            "embedding_layer.word_embeddings",
            config.initializers().embedding(),
            config.vocabularySize(),
            config.hiddenSize());
    blocks = parts("layers", "transformer_decoder.layers", config.layers(), block);
    dropout = config.dropouts().embedding();
  }

  /** The last normalization. */
  abstract Tensor normalized(Tensor x);

  /** From ids [batch, sequence] to [batch, sequence, hidden]. */
  final Tensor forward(Tensor ids, @Nullable KeyValueCache cache) {
    Tensor x = ResidualStream.of(tokens.forward(ids)); // [batch, sequence, hidden]
    x = torch.dropout(x, dropout, is_training());
    x = activations.through(blocks, x, (block, input) -> block.forward(input, rotary, cache));
    if (cache != null) {
      cache.advance(ids.size(1));
    }
    return normalized(x);
  }
}
