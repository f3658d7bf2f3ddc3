package dev.filigree.zoo.data;

import dev.filigree.io.Hashing;
import dev.filigree.torch.Tensors;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Sequences cut from documents that are joined end to end.
 *
 * <p>A sample is a window of sequence length + 1 tokens: the inputs are all but the last, the
 * labels all but the first. Windows overlap by that one token, so in an epoch each token is an
 * input once and a label once; what is left at the end is too short for training and padded for
 * evaluation.
 */
public final class TokenDataset implements Dataset {
  private final TokenStore store;
  private final int[] documents;
  private final int sequenceLength;
  private final Order order;
  private final TextInfo text;
  private final long tokens;
  private final String description;
  private long cachedEpoch = -1;
  private @Nullable DocumentOrder cached;

  /** In which order the documents are joined. */
  public enum Order {
    /** As the source gave them. */
    SOURCE,
    /** Shuffled for every epoch by the seed: for training. */
    SHUFFLED,
    /** Shuffled once, the same for every seed, the last window padded: for evaluation. */
    EVALUATION
  }

  private final long seed;

  /**
   * @param validationFraction of the documents, in [0, 1)
   * @param sequenceLength tokens that a model sees at once
   * @throws DataException when the part is too small for one sequence
   */
  public TokenDataset(
      TokenStore store,
      Split split,
      double validationFraction,
      int sequenceLength,
      Order order,
      long seed) {
    this.store = store;
    this.documents = split.select(store.table(), validationFraction);
    this.sequenceLength = sequenceLength;
    this.order = order;
    this.seed = seed;
    description = "the " + split + " part of " + store.source();
    long tokenCount = 0;
    long byteCount = 0;
    for (int document : documents) {
      tokenCount += store.table().starts()[document + 1] - store.table().starts()[document];
      byteCount += store.table().bytes()[document];
    }
    tokens = tokenCount;
    text = new TextInfo(store.tokenizer(), documents.length, tokenCount, byteCount);
    long needed = order == Order.EVALUATION ? 2 : sequenceLength + 1L;
    if (tokens < needed) {
      throw new DataException(
          String.format(
              "%s has %d tokens (%d documents); one sequence of %d needs %d: give more text, a"
                  + " shorter max_sequence_length or another validation_fraction",
              description, tokens, documents.length, sequenceLength, needed));
    }
  }

  @Override
  public String description() {
    return description;
  }

  @Override
  public long size() {
    long labels = tokens - 1;
    return order == Order.EVALUATION
        ? Math.ceilDiv(labels, sequenceLength)
        : labels / sequenceLength;
  }

  @Override
  public Optional<TextInfo> text() {
    return Optional.of(text);
  }

  @Override
  public String place(Position position, String part) {
    Path manifest = store.folder().resolve(TokenManifest.FILE);
    return "%s: %s of sample %d".formatted(manifest, part, position.index());
  }

  @Override
  public Batch read(List<Position> positions) {
    int batch = positions.size();
    Tensor inputs = Tensors.int64(batch, sequenceLength);
    Tensor labels = Tensors.int64(batch, sequenceLength);
    MemorySegment inputIds = Tensors.segment(inputs);
    MemorySegment labelIds = Tensors.segment(labels);
    Tensor mask = null;
    for (int i = 0; i < batch; i++) {
      Position position = positions.get(i);
      DocumentOrder run = run(position.epoch());
      long start = position.index() * sequenceLength;
      long count = Math.min(sequenceLength, tokens - 1 - start);
      long row = (long) i * sequenceLength;
      run.copy(start, count, inputIds, row);
      run.copy(start + 1, count, labelIds, row);
      if (count < sequenceLength) {
        pad(inputIds, row + count, row + sequenceLength);
        pad(labelIds, row + count, row + sequenceLength);
        mask = mask(batch, i, count);
      }
    }
    return new Batch(inputs, labels, mask);
  }

  private void pad(MemorySegment ids, long from, long to) {
    for (long i = from; i < to; i++) {
      ids.setAtIndex(ValueLayout.JAVA_LONG, i, text.tokenizer().endOfText());
    }
  }

  /** All ones but for what follows the last token, which only the last window of an epoch has. */
  private Tensor mask(int batch, int row, long count) {
    Tensor mask = Tensors.float32(batch, sequenceLength);
    MemorySegment values = Tensors.segment(mask);
    for (long i = 0; i < (long) batch * sequenceLength; i++) {
      boolean padding = i / sequenceLength == row && i % sequenceLength >= count;
      values.setAtIndex(ValueLayout.JAVA_FLOAT, i, padding ? 0 : 1);
    }
    return mask;
  }

  private DocumentOrder run(long epoch) {
    long wanted = order == Order.SHUFFLED ? epoch : 0;
    DocumentOrder run = cached;
    if (run == null || cachedEpoch != wanted) {
      run =
          switch (order) {
            case SOURCE -> new DocumentOrder(store, documents);
            case SHUFFLED -> DocumentOrder.shuffled(store, documents, Hashing.mix(seed) + wanted);
            case EVALUATION -> DocumentOrder.shuffled(store, documents, 0);
          };
      cached = run;
      cachedEpoch = wanted;
    }
    return run;
  }
}
