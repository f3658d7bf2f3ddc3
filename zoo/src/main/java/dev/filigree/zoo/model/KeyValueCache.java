package dev.filigree.zoo.model;

import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/** The keys and values of the tokens seen so far, for generating one token after another. */
public final class KeyValueCache implements AutoCloseable {
  private static final long FIRST_CAPACITY = 64;

  private final long capacity;
  private final @Nullable Tensor[] keys; // layers × [1, key_value_heads, room, head_size]
  private final @Nullable Tensor[] values; // layers × [1, key_value_heads, room, head_size]
  private long length;

  /**
   * An empty cache for one text, which takes memory as the text grows.
   *
   * @param capacity the most tokens it can hold: the network's context length
   */
  public KeyValueCache(long layers, long capacity) {
    this.capacity = capacity;
    keys = new @Nullable Tensor[Math.toIntExact(layers)];
    values = new @Nullable Tensor[keys.length];
  }

  /** The number of tokens in the cache. */
  public long length() {
    return length;
  }

  /** Whether it holds as many tokens as it can. */
  public boolean isFull() {
    return length == capacity;
  }

  /** Forgets every token. */
  public void clear() {
    length = 0;
  }

  /**
   * Puts the keys of new tokens behind those of a layer.
   *
   * @param added [1, key_value_heads, sequence, head_size]
   * @return the keys of all tokens, [1, key_value_heads, length + sequence, head_size]
   */
  public Tensor appendKeys(int layer, Tensor added) {
    return append(keys, layer, added);
  }

  /** As {@link #appendKeys}, for values. */
  public Tensor appendValues(int layer, Tensor added) {
    return append(values, layer, added);
  }

  private Tensor append(@Nullable Tensor[] stores, int layer, Tensor added) {
    long end = length + added.size(2);
    Tensor store = stores[layer];
    if (store == null || store.size(2) < end) {
      store = grown(store, added, Math.min(capacity, Math.max(end, FIRST_CAPACITY)));
      stores[layer] = store;
    }
    store.narrow(2, length, added.size(2)).copy_(added);
    return store.narrow(2, 0, end);
  }

  private Tensor grown(@Nullable Tensor store, Tensor added, long atLeast) {
    long room = store == null ? atLeast : Math.min(capacity, Math.max(atLeast, 2 * store.size(2)));
    Tensor grown = added.new_zeros(1, added.size(1), room, added.size(3)).retainReference();
    if (store != null) {
      grown.narrow(2, 0, length).copy_(store.narrow(2, 0, length));
      store.close();
    }
    return grown;
  }

  /** Counts the tokens that every layer has appended. */
  public void advance(long sequence) {
    length += sequence;
  }

  @Override
  public void close() {
    for (int i = 0; i < keys.length; i++) {
      close(keys[i]);
      close(values[i]);
    }
  }

  private static void close(@Nullable Tensor store) {
    if (store != null) {
      store.close();
    }
  }
}
