package dev.filigree.zoo.model;

import dev.filigree.nn.Conv2d;
import dev.filigree.nn.Initializer;
import dev.filigree.nn.LayerList;
import dev.filigree.nn.LayerNorm;
import dev.filigree.nn.Linear;
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

  private static final class Backbone extends Part {
    private final Embeddings embeddings;
    private final Encoder encoder;
    private final LayerNorm norm; // [hidden]

    Backbone(VitConfig config) {
      embeddings = part("embeddings", "embedding_layer", new Embeddings(config));
      encoder = part("encoder", "encoder.transformer_encoder", new Encoder(config));
      norm =
          layerNorm(
              "layernorm",
              "encoder.transformer_encoder.norm",
              config.hiddenSize(),
              config.normEpsilon());
    }

    Tensor forward(Tensor pictures) {
      Tensor x = embeddings.forward(pictures);
      for (Block block : encoder.blocks) {
        x = block.forward(x);
      }
      return norm.forward(x);
    }
  }

  /** [class token, patches] + positions. */
  private static final class Embeddings extends Part {
    private final Tensor classToken; // [1, 1, hidden]
    private final Tensor positions; // [1, positions, hidden]
    private final Patches patches;
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
      patches = part("patch_embeddings", "", new Patches(config));
      dropout = config.dropouts().embedding();
    }

    Tensor forward(Tensor pictures) {
      Tensor embedded = patches.projection.forward(pictures).flatten(2, -1).transpose(1, 2);
      Tensor token = classToken.expand(pictures.size(0), -1, -1);
      Tensor x = torch.cat(new TensorVector(token, embedded), 1).add(positions);
      return torch.dropout(x, dropout, is_training());
    }
  }

  private static final class Patches extends Part {
    private final Conv2d projection; // [hidden, channels, patch, patch]

    Patches(VitConfig config) {
      long patch = config.patchSize();
      projection =
          convolution(
              "projection",
              "linear_proj",
              config.initializer(),
              config.channels(),
              config.hiddenSize(),
              patch,
              patch,
              0,
              true);
    }
  }

  private static final class Encoder extends Part {
    private final LayerList<Block> blocks;

    Encoder(VitConfig config) {
      blocks = parts("layer", "layers", config.layers(), _ -> new Block(config));
    }
  }

  /** x + attention(norm(x)), then x + mlp(norm(x)). */
  private static final class Block extends Part {
    private final SelfAttention attention;
    private final Dense expand; // [intermediate, hidden]
    private final Dense project; // [hidden, intermediate]
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
          part("intermediate", "", new Dense("ffn.ffn.0.linear_layer", initial, hidden, inner));
      project = part("output", "", new Dense("ffn.ffn.1.linear_layer", initial, inner, hidden));
      attentionNorm = layerNorm("layernorm_before", "norm1", hidden, config.normEpsilon());
      feedForwardNorm = layerNorm("layernorm_after", "norm2", hidden, config.normEpsilon());
      activation = config.activation();
      dropout = config.dropouts().residual();
    }

    Tensor forward(Tensor x) {
      Tensor attended = attention.forward(attentionNorm.forward(x));
      x = x.add(torch.dropout(attended, dropout, is_training()));
      Tensor inner = activation.apply(expand.dense.forward(feedForwardNorm.forward(x)));
      return x.add(torch.dropout(project.dense.forward(inner), dropout, is_training()));
    }
  }

  private static final class SelfAttention extends Part {
    private final Projections projections;
    private final Dense output; // [hidden, hidden]
    private final long heads;
    private final double dropout;

    SelfAttention(VitConfig config) {
      long hidden = config.hiddenSize();
      projections = part("attention", "", new Projections(config));
      output =
          part(
              "output",
              "",
              new Dense("proj_output_dense_layer", config.initializer(), hidden, hidden));
      heads = config.heads();
      dropout = config.dropouts().attention();
    }

    Tensor forward(Tensor x) {
      // [batch, heads, positions, head_size]
      Tensor q = Attention.splitHeads(projections.query.forward(x), heads);
      Tensor k = Attention.splitHeads(projections.key.forward(x), heads);
      Tensor v = Attention.splitHeads(projections.value.forward(x), heads);
      Tensor attended = Attention.full(q, k, v, is_training() ? dropout : 0);
      return output.dense.forward(Attention.mergeHeads(attended));
    }
  }

  private static final class Projections extends Part {
    private final Linear query; // [hidden, hidden]
    private final Linear key; // [hidden, hidden]
    private final Linear value; // [hidden, hidden]

    Projections(VitConfig config) {
      long hidden = config.hiddenSize();
      boolean bias = config.queryKeyValueBias();
      var initial = config.initializer();
      query = linear("query", "proj_q_dense_layer", initial, hidden, hidden, bias);
      key = linear("key", "proj_k_dense_layer", initial, hidden, hidden, bias);
      value = linear("value", "proj_v_dense_layer", initial, hidden, hidden, bias);
    }
  }

  /** A linear layer under the name that Hugging Face gives it. */
  private static final class Dense extends Part {
    private final Linear dense; // [out, in]

    Dense(String modelZooName, Initializer initializer, long in, long out) {
      dense = linear("dense", modelZooName, initializer, in, out, true);
    }
  }
}
