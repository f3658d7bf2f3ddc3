package dev.filigree.zoo.model;

import dev.filigree.nn.Conv2d;
import dev.filigree.nn.LayerList;
import dev.filigree.nn.LayerNorm;
import dev.filigree.nn.Linear;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/** The vision transformer: a picture as a sequence of patches behind a class token. */
public final class Vit extends ImageClassifier {
  private final VitConfig config;
  private final Backbone backbone;
  private final Linear classifier; // [classes, hidden]

  /** A network with its initial weights for seed 0. */
  public Vit(VitConfig config) {
    this(config, 0);
  }

  /** A network with its initial weights for a seed. */
  public Vit(VitConfig config, long seed) {
    this(config, OptionalLong.of(seed));
  }

  /**
   * @param seed of the initial weights; empty for weights that are to be loaded
   */
  Vit(VitConfig config, OptionalLong seed) {
    this.config = config;
    backbone = part("vit", "vit_model", new Backbone(config));
    classifier =
        linear(
            "classifier",
            "classifier.classifier.ffn.0.linear_layer",
            config.initializer(),
            config.hiddenSize(),
            config.classes(),
            true);
    seed.ifPresent(this::initialize);
  }

  @Override
  public Tensor logits(Tensor inputs) {
    Tensor x = backbone.forward(inputs); // [batch, positions, hidden]
    return classifier.forward(x.select(1, 0));
  }

  @Override
  public VitConfig config() {
    return config;
  }

  @Override
  public long classes() {
    return config.classes();
  }

  @Override
  public Optional<String> obstacle(List<Long> shape) {
    var expected = List.of(config.channels(), config.imageSize(), config.imageSize());
    return shape.equals(expected)
        ? Optional.empty()
        : Optional.of(
            "%s channels, rows and columns; model.num_channels and model.image_size say %s"
                .formatted(shape, expected));
  }

  private static final class Backbone extends Part {
    private final Embeddings embeddings;
    private final LayerList<Block> blocks;
    private final LayerNorm norm; // [hidden]

    Backbone(VitConfig config) {
      embeddings = part("embeddings", "embedding_layer", new Embeddings(config));
      blocks =
          level("encoder", "encoder.transformer_encoder")
              .parts("layer", "layers", config.layers(), _ -> new Block(config));
      norm =
          layerNorm(
              "layernorm",
              "encoder.transformer_encoder.norm",
              config.hiddenSize(),
              config.normEpsilon());
    }

    Tensor forward(Tensor pictures) {
      Tensor x = embeddings.forward(pictures);
      for (Block block : blocks) {
        x = block.forward(x);
      }
      return norm.forward(x);
    }
  }

  /** [class token, patches] + positions. */
  private static final class Embeddings extends Part {
    private final Tensor classToken; // [1, 1, hidden]
    private final Tensor positions; // [1, positions, hidden]
    private final Conv2d patches; // [hidden, channels, patch, patch]
    private final double dropout;

    Embeddings(VitConfig config) {
      long hidden = config.hiddenSize();
      var initial = config.initializer();
      classToken = parameter("cls_token", "cls_embedding", initial, 1, 1, hidden);
      positions =
          parameter(
              "position_embeddings",
              "position_embeddings.weight",
              initial,
              1,
              config.positions(),
              hidden);
      patches =
          level("patch_embeddings", "")
              .convolution(
                  "projection",
                  "linear_proj",
                  initial,
                  config.channels(),
                  hidden,
                  config.patchSize(),
                  config.patchSize(),
                  0,
                  true);
      dropout = config.dropouts().embedding();
    }

    Tensor forward(Tensor pictures) {
      Tensor embedded = patches.forward(pictures).flatten(2, -1).transpose(1, 2);
      Tensor token = classToken.expand(pictures.size(0), -1, -1);
      Tensor x = torch.cat(new TensorVector(token, embedded), 1).add(positions);
      return torch.dropout(x, dropout, is_training());
    }
  }

  /** x + attention(norm(x)), then x + mlp(norm(x)). */
  private static final class Block extends Part {
    private final SelfAttention attention;
    private final Linear expand; // [intermediate, hidden]
    private final Linear project; // [hidden, intermediate]
    private final LayerNorm attentionNorm; // [hidden]
    private final LayerNorm feedForwardNorm; // [hidden]
    private final Activation activation;
    private final double dropout;

    Block(VitConfig config) {
      long hidden = config.hiddenSize();
      long inner = config.intermediateSize();
      var initial = config.initializer();
      attention = part("attention", "self_attn", new SelfAttention(config));
      expand =
          level("intermediate", "ffn.ffn")
              .linear("dense", "0.linear_layer", initial, hidden, inner, true);
      project =
          level("output", "ffn.ffn")
              .linear("dense", "1.linear_layer", initial, inner, hidden, true);
      attentionNorm = layerNorm("layernorm_before", "norm1", hidden, config.normEpsilon());
      feedForwardNorm = layerNorm("layernorm_after", "norm2", hidden, config.normEpsilon());
      activation = config.activation();
      dropout = config.dropouts().residual();
    }

    Tensor forward(Tensor x) {
      Tensor attended = attention.forward(attentionNorm.forward(x));
      x = x.add(torch.dropout(attended, dropout, is_training()));
      Tensor inner = activation.apply(expand.forward(feedForwardNorm.forward(x)));
      return x.add(torch.dropout(project.forward(inner), dropout, is_training()));
    }
  }

  private static final class SelfAttention extends Part {
    private final Linear query; // [hidden, hidden]
    private final Linear key; // [hidden, hidden]
    private final Linear value; // [hidden, hidden]
    private final Linear output; // [hidden, hidden]
    private final long heads;
    private final double dropout;

    SelfAttention(VitConfig config) {
      long hidden = config.hiddenSize();
      boolean bias = config.queryKeyValueBias();
      var initial = config.initializer();
      Part inner = level("attention", "");
      query = inner.linear("query", "proj_q_dense_layer", initial, hidden, hidden, bias);
      key = inner.linear("key", "proj_k_dense_layer", initial, hidden, hidden, bias);
      value = inner.linear("value", "proj_v_dense_layer", initial, hidden, hidden, bias);
      output =
          level("output", "")
              .linear("dense", "proj_output_dense_layer", initial, hidden, hidden, true);
      heads = config.heads();
      dropout = config.dropouts().attention();
    }

    Tensor forward(Tensor x) {
      // [batch, heads, positions, head_size]
      Tensor q = Attention.splitHeads(query.forward(x), heads);
      Tensor k = Attention.splitHeads(key.forward(x), heads);
      Tensor v = Attention.splitHeads(value.forward(x), heads);
      Tensor attended = Attention.full(q, k, v, is_training() ? dropout : 0);
      return output.forward(Attention.mergeHeads(attended));
    }
  }
}
