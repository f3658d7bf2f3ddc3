package dev.filigree.zoo.model;

import dev.filigree.torch.Tensors;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/** The keys and values of the tokens seen so far, for generating one token after another. */
public final class KeyValueCache implements AutoCloseable {
  private final long capacity;
  private final Tensor[] keys; // layers × [1, key_value_heads, capacity, head_size]
  private final Tensor[] values; // layers × [1, key_value_heads, capacity, head_size]
  private long length;

  /**
   * An empty cache for one text.
   *
   * @param capacity the most tokens it can hold: the network's context length
   */
  public KeyValueCache(long layers, long keyValueHeads, long headSize, long capacity) {
    this.capacity = capacity;
    keys = new Tensor[Math.toIntExact(layers)];
    values = new Tensor[keys.length];
    for (int i = 0; i < keys.length; i++) {
      keys[i] = torch.zeros(1, keyValueHeads, capacity, headSize).retainReference();
      values[i] = torch.zeros(1, keyValueHeads, capacity, headSize).retainReference();
    }
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

  private Tensor append(Tensor[] store, int layer, Tensor added) {
    if (Tensors.type(store[layer]) != Tensors.type(added)
        || !store[layer].device().equals(added.device())) {
      Tensor moved = store[layer].to(added.device(), added.scalar_type()).retainReference();
      store[layer].close();
      store[layer] = moved;
    }
    long sequence = added.size(2);
    store[layer].narrow(2, length, sequence).copy_(added);
    return store[layer].narrow(2, 0, length + sequence);
  }

  /** Counts the tokens that every layer has appended. */
  public void advance(long sequence) {
    length += sequence;
  }

  @Override
  public void close() {
    for (int i = 0; i < keys.length; i++) {
      keys[i].close();
      values[i].close();
    }
  }
}
