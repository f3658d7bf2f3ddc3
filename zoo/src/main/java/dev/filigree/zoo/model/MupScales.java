package dev.filigree.zoo.model;

import org.jspecify.annotations.Nullable;

/**
 * The scales of the maximal update parametrization (Yang et al. 2022, arXiv:2203.03466), as
 * Cerebras-GPT (Dey et al. 2023, arXiv:2304.03208) uses it.
 *
 * @param embeddings what the embeddings are multiplied by
 * @param logits what the logits are multiplied by
 * @param hiddenLearningRate what the learning rate of weights that read the hidden state is
 *     multiplied by: the base width through the width
 * @param filterLearningRate the same for weights that read the feed-forward block's inner state
 * @param fromBase whether initial weights follow a base network too
 */
public record MupScales(
    double embeddings,
    double logits,
    double hiddenLearningRate,
    double filterLearningRate,
    boolean fromBase) {
  public static final MupScales NONE = new MupScales(1, 1, 1, 1, false);

  static MupScales read(ModelZooBlock block, long hiddenSize, long filterSize) {
    Double baseHidden = block.number("mup_base_hidden_size");
    Double baseFilter = block.number("mup_base_filter_size");
    double embeddings = block.number("embeddings_scale", 1);
    Double logits = block.number("output_logits_scale");
    double alpha = block.number("output_logits_alpha", 1);
    boolean byWidth = block.flag("scale_output_logits_by_d", true);
    if ((baseHidden == null) != (baseFilter == null)) {
      throw block
          .map()
          .error("mup_base_hidden_size and mup_base_filter_size must be given together");
    }
    if (baseHidden == null || baseFilter == null) {
      return new MupScales(embeddings, logits == null ? 1 : logits, 1, 1, false);
    }
    if (logits != null) {
      throw block.map().error("output_logits_scale cannot be given beside mup_base_hidden_size");
    }
    double width = positive(block, baseHidden) / hiddenSize;
    return new MupScales(
        embeddings,
        alpha * (byWidth ? width : Math.sqrt(width)),
        width,
        positive(block, baseFilter) / filterSize,
        true);
  }

  private static double positive(ModelZooBlock block, @Nullable Double base) {
    if (base == null || !(base > 0)) {
      throw block.map().error("the base sizes of muP must be positive");
    }
    return base;
  }
}
