package dev.filigree.zoo.eval;

import dev.filigree.torch.Tensors;
import dev.filigree.zoo.data.Tokenizer;
import dev.filigree.zoo.model.LanguageModel;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.IntBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * The likelihoods of a language model. Context and continuation are encoded as one text, as the
 * model would have seen them: spaces at the end of the context count to the continuation, and the
 * continuation's tokens are those after as many as the context alone has. What is longer than the
 * model's context loses its beginning.
 */
public final class ModelLikelihoods implements Likelihoods {
  /** Logits of one batch, for the memory that they take: 256 MB. */
  private static final long MOST_LOGITS = 1 << 26;

  private final LanguageModel model;
  private final Tokenizer tokenizer;
  private long truncated;

  /**
   * @param model in evaluation mode, on any device
   * @param tokenizer the one it was trained with
   */
  public ModelLikelihoods(LanguageModel model, Tokenizer tokenizer) {
    this.model = model;
    this.tokenizer = tokenizer;
  }

  /** How many texts were longer than the model's context so far. */
  public long truncated() {
    return truncated;
  }

  /** The tokens that a text adds to its context, and its place among the texts. */
  private static final class Continuation {
    private final int[] tokens;
    private final int index;

    Continuation(int[] tokens, int index) {
      this.tokens = tokens;
      this.index = index;
    }
  }

  /** What the model sees, and what is scored at its end. */
  private static final class Sequence {
    private final int[] tokens;
    private final List<Continuation> continuations = new ArrayList<>();

    Sequence(int[] tokens) {
      this.tokens = tokens;
    }
  }

  /**
   * {@inheritDoc}
   *
   * @throws UnscorableException for a continuation that is no token, or longer than the model's
   *     context
   */
  @Override
  public double[] of(List<Option> texts) {
    // Answers of one token share their context: one pass of the model is for all of them.
    var sequences = new LinkedHashMap<IntBuffer, Sequence>();
    for (int i = 0; i < texts.size(); i++) {
      add(texts.get(i), i, sequences);
    }
    var sorted = new ArrayList<>(sequences.values());
    sorted.sort(Comparator.comparingInt((Sequence s) -> s.tokens.length).reversed());
    var results = new double[texts.size()];
    boolean training = model.is_training();
    model.eval();
    try {
      int first = 0;
      while (first < sorted.size()) {
        long each = model.vocabularySize() * sorted.get(first).tokens.length;
        int last = (int) Math.min(sorted.size(), first + Math.max(1, MOST_LOGITS / each));
        score(sorted.subList(first, last), results);
        first = last;
      }
    } finally {
      model.train(training);
    }
    return results;
  }

  private void add(Option text, int index, Map<IntBuffer, Sequence> sequences) {
    String context = PythonText.stripEnd(text.context());
    String continuation = text.context().substring(context.length()) + text.continuation();
    int[] before = encode(context, index);
    int[] whole = encode(context + continuation, index);
    if (before.length == 0) { // nothing before: as after the end of another text
      before = new int[] {tokenizer.endOfText()};
      whole = concatenated(before, whole);
    }
    int scored = whole.length - before.length;
    if (scored <= 0) {
      throw new UnscorableException(
          index,
          "the tokenizer "
              + tokenizer.name()
              + " has no token of its own for '"
              + continuation
              + "'");
    }
    if (scored > model.contextLength()) {
      throw new UnscorableException(
          index,
          "an answer of %d tokens; the network sees %d".formatted(scored, model.contextLength()));
    }
    int end = whole.length - 1;
    int start = (int) Math.max(0, end - model.contextLength());
    truncated += start > 0 ? 1 : 0;
    int[] tokens = Arrays.copyOfRange(whole, start, end);
    sequences
        .computeIfAbsent(IntBuffer.wrap(tokens), key -> new Sequence(tokens))
        .continuations
        .add(new Continuation(Arrays.copyOfRange(whole, before.length, whole.length), index));
  }

  private int[] encode(String text, int index) {
    try {
      return tokenizer.encode(text);
    } catch (RuntimeException e) {
      throw new UnscorableException(
          index, "the tokenizer " + tokenizer.name() + " cannot split it: " + e.getMessage());
    }
  }

  private static int[] concatenated(int[] first, int[] second) {
    int[] both = Arrays.copyOf(first, first.length + second.length);
    System.arraycopy(second, 0, both, first.length, second.length);
    return both;
  }

  /** Sequences by falling length, padded at their ends, which the model's causal mask hides. */
  private void score(List<Sequence> batch, double[] results) {
    try (var _ = new PointerScope();
        var _ = new NoGradGuard()) {
      Tensor ids = Tensors.int64(batch.size(), batch.getFirst().tokens.length);
      MemorySegment memory = Tensors.segment(ids).fill((byte) 0);
      for (int row = 0; row < batch.size(); row++) {
        int[] tokens = batch.get(row).tokens;
        for (int i = 0; i < tokens.length; i++) {
          memory.setAtIndex(ValueLayout.JAVA_LONG, row * ids.size(1) + i, tokens[i]);
        }
      }
      // [batch, sequence, vocabulary]
      Tensor logits = model.logits(ids.to(model.parameters().get(0).device(), ScalarType.Long));
      for (int row = 0; row < batch.size(); row++) {
        Tensor ofRow = logits.select(0, row);
        for (Continuation continuation : batch.get(row).continuations) {
          results[continuation.index] =
              logLikelihood(ofRow, batch.get(row).tokens.length, continuation.tokens);
        }
      }
    }
  }

  private static double logLikelihood(Tensor logits, long length, int[] tokens) {
    Tensor scores =
        logits
            .narrow(0, length - tokens.length, tokens.length)
            .log_softmax(-1, new ScalarTypeOptional(ScalarType.Double)); // [tokens, vocabulary]
    Tensor index =
        torch
            .tensor(Arrays.stream(tokens).asLongStream().toArray())
            .to(logits.device(), ScalarType.Long);
    return scores.gather(1, index.unsqueeze(1)).sum().item_double();
  }
}
