package dev.filigree.zoo.model;

import dev.filigree.torch.Tensors;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.LongConsumer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** Continues a text, one token after another. */
public final class Generator {
  private final LanguageModel model;
  private final double temperature;
  private final SplittableRandom random;
  private final Set<Long> endTokens;

  /**
   * A generator that draws from softmax(logits / temperature).
   *
   * @param temperature 0 for always the likeliest token (of equals the one with the lowest id)
   * @param seed decides what is drawn
   */
  public Generator(LanguageModel model, double temperature, long seed) {
    if (!(temperature >= 0 && temperature < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException("temperature must be 0 or more, found " + temperature);
    }
    this.model = model;
    this.temperature = temperature;
    this.random = new SplittableRandom(seed);
    this.endTokens = new HashSet<>(model.endTokens());
  }

  /** Ends texts at these tokens too, beside those of the network's configuration. */
  public Generator endingAt(Collection<Integer> tokens) {
    tokens.forEach(token -> endTokens.add(token.longValue()));
    return this;
  }

  /** As {@link #generate(List, long, LongConsumer)}, all tokens at the end. */
  public List<Long> generate(List<Long> prompt, long tokens) {
    return generate(prompt, tokens, token -> {});
  }

  /**
   * Continues a prompt, up to a token that ends a text or a number of tokens. Past the network's
   * context length, the older half of the context is forgotten.
   *
   * @param prompt at least one token id
   * @param tokens the most tokens to generate
   * @param listener is told of each token as it comes
   * @return the new tokens
   */
  public List<Long> generate(List<Long> prompt, long tokens, LongConsumer listener) {
    if (prompt.isEmpty()) {
      throw new IllegalArgumentException("the prompt must hold at least one token");
    }
    for (long token : prompt) {
      if (token < 0 || token >= model.vocabularySize()) {
        throw new IllegalArgumentException(
            "token %d of the prompt is not in the network's vocabulary of %d"
                .formatted(token, model.vocabularySize()));
      }
    }
    boolean training = model.is_training();
    model.eval();
    var text = new ArrayList<>(prompt);
    try (KeyValueCache cache = model.newCache()) {
      List<Long> unseen = newest(text, model.contextLength());
      while (text.size() - prompt.size() < tokens) {
        if (cache.isFull()) {
          cache.clear();
          unseen = newest(text, Math.max(1, model.contextLength() / 2));
        }
        long next = next(unseen, cache);
        text.add(next);
        listener.accept(next);
        if (endTokens.contains(next)) {
          break;
        }
        unseen = List.of(next);
      }
    } finally {
      model.train(training);
    }
    return List.copyOf(text.subList(prompt.size(), text.size()));
  }

  private static List<Long> newest(List<Long> tokens, long count) {
    return tokens.subList((int) Math.max(0, tokens.size() - count), tokens.size());
  }

  private long next(List<Long> unseen, KeyValueCache cache) {
    try (var _ = new PointerScope();
        var _ = new NoGradGuard()) {
      long[] ids = unseen.stream().mapToLong(Long::longValue).toArray();
      Tensor tokens =
          torch.tensor(ids).reshape(1, -1).to(model.parameters().get(0).device(), ScalarType.Long);
      Tensor logits = model.logits(tokens, cache); // [1, sequence, vocabulary]
      Tensor last = logits.select(1, -1).reshape(-1).to(ScalarType.Float).cpu().contiguous();
      MemorySegment scores = Tensors.segment(last); // [vocabulary]
      return temperature == 0 ? likeliest(scores) : draw(scores);
    }
  }

  private static long likeliest(MemorySegment scores) {
    long best = 0;
    for (long i = 1; i < scores.byteSize() / Float.BYTES; i++) {
      if (score(scores, i) > score(scores, best)) {
        best = i;
      }
    }
    return best;
  }

  private long draw(MemorySegment scores) {
    double largest = score(scores, likeliest(scores));
    var cumulative = new double[(int) (scores.byteSize() / Float.BYTES)];
    double sum = 0;
    for (int i = 0; i < cumulative.length; i++) {
      sum += Math.exp((score(scores, i) - largest) / temperature);
      cumulative[i] = sum;
    }
    double point = random.nextDouble() * sum;
    for (int i = 0; i < cumulative.length; i++) {
      if (point < cumulative[i]) {
        return i;
      }
    }
    throw new IllegalStateException("the network's logits are not numbers");
  }

  private static float score(MemorySegment scores, long index) {
    return scores.getAtIndex(ValueLayout.JAVA_FLOAT, index);
  }
}
