package dev.filigree.zoo.model;

import dev.filigree.torch.Autocast;
import dev.filigree.torch.OpenBlas;
import java.util.function.Supplier;
import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.DeviceType;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/** What the attention blocks share. */
final class Attention {
  private Attention() {}

  /** [batch, sequence, heads · head_size] to [batch, heads, sequence, head_size]. */
  static Tensor splitHeads(Tensor x, long heads) {
    return x.reshape(x.size(0), x.size(1), heads, x.size(2) / heads).transpose(1, 2);
  }

  /** [batch, heads, sequence, head_size] to [batch, sequence, heads · head_size]. */
  static Tensor mergeHeads(Tensor x) {
    return x.transpose(1, 2).reshape(x.size(0), x.size(2), x.size(1) * x.size(3));
  }

  /**
   * softmax(q·kᵀ · scale)·v, where a token sees itself and those before it.
   *
   * @param query [batch, heads, sequence, head_size]
   * @param key [batch, key_value_heads, total, head_size], the last {@code sequence} of them those
   *     of the query's own tokens; heads is a multiple of key_value_heads
   * @param value [batch, key_value_heads, total, head_size]
   * @param dropout the fraction of attention weights set to zero
   * @param scale null for 1 / √head_size
   * @param window how many tokens a token sees, itself included; null for all
   * @return [batch, heads, sequence, head_size]
   */
  static Tensor causal(
      Tensor query,
      Tensor key,
      Tensor value,
      double dropout,
      @Nullable Double scale,
      @Nullable Long window) {
    long sequence = query.size(2);
    long total = key.size(2);
    boolean windowed = window != null && window < total;
    boolean single = sequence == 1 && !windowed;
    boolean square = sequence == total && !windowed;
    TensorOptional mask =
        single || square
            ? new TensorOptional()
            : new TensorOptional(mask(query, sequence, total, window));
    return attention(
        query,
        key,
        value,
        mask,
        dropout,
        square && sequence > 1,
        scale == null ? new DoubleOptional() : new DoubleOptional(scale));
  }

  /**
   * softmax(q·kᵀ / √head_size)·v, where every position sees all: [batch, heads, positions, size].
   */
  static Tensor full(Tensor query, Tensor key, Tensor value, double dropout) {
    return attention(query, key, value, new TensorOptional(), dropout, false, new DoubleOptional());
  }

  private static Tensor attention(
      Tensor query,
      Tensor key,
      Tensor value,
      TensorOptional mask,
      double dropout,
      boolean causal,
      DoubleOptional scale) {
    boolean grouped = query.size(1) != key.size(1);
    if (query.is_cuda()) {
      CudnnAttention.preferWhereFaster(query);
      return torch.scaled_dot_product_attention(
          query, key, value, mask, dropout, causal, scale, grouped);
    }
    ScalarType type = type(query);
    ScalarType inside = type == ScalarType.Double ? type : ScalarType.Float;
    Tensor output =
        Autocast.suspended(
            DeviceType.CPU,
            () -> {
              Tensor q = query.to(inside);
              Tensor k = key.to(inside);
              Tensor v = value.to(inside);
              Supplier<Tensor> operation =
                  () ->
                      torch.scaled_dot_product_attention(
                          q, k, v, mask, dropout, causal, scale, grouped);
              // With dropout libtorch multiplies one head after the other, each with all threads.
              return dropout > 0 ? operation.get() : OpenBlas.singleThreaded(operation, q, k, v);
            });
    return output.to(type);
  }

  /**
   * What the products around attention compute in on a CPU. Attention itself computes in float32
   * there: libtorch's products of heads in 16 bits use no vector units, and a step of a network 512
   * wide took six times as long with them.
   */
  private static ScalarType type(Tensor query) {
    ScalarType type = Autocast.type(DeviceType.CPU);
    return type == ScalarType.Float ? query.scalar_type().intern() : type;
  }

  /** True where a token (row) sees another (column): bool [sequence, total]. */
  private static Tensor mask(Tensor like, long sequence, long total, @Nullable Long window) {
    var options = new TensorOptions(like.device()).dtype(new ScalarTypeOptional(ScalarType.Bool));
    Tensor past = torch.ones(new long[] {sequence, total}, options).tril(total - sequence);
    return window == null ? past : past.triu(total - sequence - window + 1);
  }
}
