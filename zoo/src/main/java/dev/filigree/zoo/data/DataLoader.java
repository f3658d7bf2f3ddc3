package dev.filigree.zoo.data;

import dev.filigree.io.Hashing;
import dev.filigree.optim.Replica;
import dev.filigree.torch.Tensors;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Optional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Batches of a data set, without end. The order depends on the seed alone, and the state is one
 * number: how many samples were handed out. A batch that an epoch cannot fill takes the rest from
 * the next one, so no sample is dropped and the order does not depend on the batch size.
 */
public final class DataLoader {
  private static final String SAMPLES = "samples";
  private static final String SIZE = "size";
  private static final String SHUFFLE = "shuffle";
  private static final String SEED = "seed";

  static final String INPUTS = "inputs";
  static final String LABELS = "labels";

  /** A label of positions that never count. */
  private static final long IGNORED = -100;

  private final Dataset dataset;
  private final int batchSize;
  private final boolean shuffle;
  private final long seed;
  private final Replica replica;
  private long ids = Long.MAX_VALUE;
  private String idsKey = "";
  private long samples;

  /**
   * @param batchSize samples in a batch
   * @param shuffle whether samples come in an order of the seed, a new one each epoch
   */
  public DataLoader(Dataset dataset, int batchSize, boolean shuffle, long seed) {
    this(dataset, batchSize, shuffle, seed, Replica.alone());
  }

  /**
   * Hands out this replica's share of every batch: all replicas together read what one process by
   * itself would.
   *
   * @param batchSize samples in a batch of all replicas together
   * @param shuffle whether samples come in an order of the seed, a new one each epoch
   */
  public DataLoader(Dataset dataset, int batchSize, boolean shuffle, long seed, Replica replica) {
    if (batchSize < 1) {
      throw new IllegalArgumentException("batchSize must be at least 1, found " + batchSize);
    }
    this.dataset = dataset;
    this.batchSize = batchSize;
    this.shuffle = shuffle;
    this.seed = seed;
    this.replica = replica;
  }

  /** The samples that batches are made of. */
  public Dataset dataset() {
    return dataset;
  }

  /**
   * Refuses tokens and classes that a network does not know, from now on.
   *
   * @param size what it knows: ids in [0, size)
   * @param key of the configuration that says so, for the message
   * @throws DataException when the token that ends every text is none of them
   */
  public DataLoader ids(long size, String key) {
    ids = size;
    idsKey = key;
    Optional<TextInfo> text = dataset.text();
    if (text.isPresent() && text.get().tokenizer().endOfText() >= size) {
      Tokenizer tokenizer = text.get().tokenizer();
      throw new DataException(
          "%s: made by the tokenizer %s of %d tokens; %s is %d, give at least %d"
              .formatted(
                  dataset.place(new Position(0, 0), INPUTS),
                  tokenizer.name(),
                  tokenizer.vocabularySize(),
                  key,
                  size,
                  tokenizer.vocabularySize()));
    }
    return this;
  }

  /** Samples of a batch. */
  public int batchSize() {
    return batchSize;
  }

  /** The next batch: new CPU tensors that belong to the caller's scope. */
  public Batch next() {
    return next(batchSize);
  }

  /**
   * The next batch of another size: for micro-batches.
   *
   * @param size samples of all replicas together
   * @throws IllegalArgumentException when it does not come apart into equal shares for them
   */
  public Batch next(int size) {
    int share = replica.share(size);
    var positions = new ArrayList<Position>(share);
    for (int i = 0; i < share; i++) {
      positions.add(position(samples + (long) replica.rank() * share + i));
    }
    Batch batch = read(positions);
    samples += size;
    return batch;
  }

  private Batch read(List<Position> positions) {
    Batch batch = dataset.read(positions);
    check(batch.inputs(), INPUTS, positions);
    check(batch.labels(), LABELS, positions);
    return batch;
  }

  /** Throws for ids that the network does not know; numbers other than ids are left alone. */
  private void check(Tensor tensor, String part, List<Position> positions) {
    if (Tensors.type(tensor) != ScalarType.Long || ids == Long.MAX_VALUE) {
      return;
    }
    MemorySegment values = Tensors.segment(tensor);
    long count = tensor.numel();
    for (long i = 0; i < count; i++) {
      long id = values.getAtIndex(ValueLayout.JAVA_LONG, i);
      if ((id < 0 || id >= ids) && !(id == IGNORED && part.equals(LABELS))) {
        Position position = positions.get(Math.toIntExact(i * positions.size() / count));
        throw new DataException(
            "%s: %d is not below %s, which is %d"
                .formatted(dataset.place(position, part), id, idsKey, ids));
      }
    }
  }

  /** Samples handed out so far, by all replicas together. */
  public long samples() {
    return samples;
  }

  /** The epoch that the next sample belongs to. */
  public long epoch() {
    return samples / dataset.size();
  }

  private Position position(long sample) {
    long size = dataset.size();
    long epoch = sample / size;
    long index = sample % size;
    return new Position(
        epoch,
        shuffle ? new Permutation(size, Hashing.mix(seed ^ Hashing.mix(epoch))).at(index) : index);
  }

  /**
   * The data set once from its beginning and in its order, whatever this loader has handed out; for
   * evaluation. The last batch may be smaller.
   *
   * @param maxBatches where to stop; {@link Long#MAX_VALUE} for all
   */
  public Iterable<Batch> once(long maxBatches) {
    return once(maxBatches, Replica.alone());
  }

  /**
   * A replica's share of the same batches: every batch is read by one of them. There may be none.
   *
   * @param maxBatches where to stop, counted over all replicas
   */
  public Iterable<Batch> once(long maxBatches, Replica reader) {
    return () -> new OncePass(maxBatches, reader);
  }

  /** Batches that {@link #once} gives when it is not limited. */
  public long batches() {
    return Math.ceilDiv(dataset.size(), (long) batchSize);
  }

  /** Everything that decides the next batches, as plain values for a checkpoint. */
  public Map<String, Object> state() {
    return Map.of(SAMPLES, samples, SIZE, dataset.size(), SHUFFLE, shuffle, SEED, seed);
  }

  /**
   * Goes on where another loader was.
   *
   * @throws DataException when that one had other data, another seed or another order
   */
  public void load(Map<String, ?> state) {
    Map<String, Object> own = state();
    for (String key : List.of(SIZE, SHUFFLE, SEED)) {
      Object expected = own.get(key);
      Object found = state.get(key);
      if (!String.valueOf(found).equals(String.valueOf(expected))) {
        throw new DataException(
            String.format(
                "the data differ from the checkpoint's: %s is %s there and %s here (%s)",
                key, found, expected, dataset.description()));
      }
    }
    if (!(state.get(SAMPLES) instanceof Number position) || position.longValue() < 0) {
      throw new DataException("the checkpoint has no position in the data ('samples')");
    }
    samples = position.longValue();
  }

  private final class OncePass implements Iterator<Batch> {
    private final long end;
    private final int step;
    private long next;

    OncePass(long maxBatches, Replica reader) {
      end = Math.min(maxBatches, batches());
      step = reader.size();
      next = reader.rank();
    }

    @Override
    public boolean hasNext() {
      return next < end;
    }

    @Override
    public Batch next() {
      if (!hasNext()) {
        throw new NoSuchElementException();
      }
      long first = next * batchSize;
      next += step;
      var positions = new ArrayList<Position>(batchSize);
      for (long i = first; i < Math.min(first + batchSize, dataset.size()); i++) {
        positions.add(new Position(0, i));
      }
      return read(positions);
    }
  }
}
