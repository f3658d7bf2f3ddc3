package dev.filigree.mask;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/**
 * Keeps the n best of scores that arrive in blocks, in memory for 1.5·n of them: for scores that
 * are never all there at once, such as a dense gradient computed block by block. The outcome is
 * that of {@link Masks} on all of them: the same order, the same rules for ties, −0.0 and NaN, in
 * whatever order the blocks come.
 *
 * <p>Not thread-safe: give each thread a selection of its own and {@link #merge} them.
 */
public final class Selection {
  private static final int LEAST_ROOM = 1024;
  private static final long MOST = 1_000_000_000;

  private final long best;
  private final TieBreak ties;
  private final int room;
  private int[] keys;
  private long[] indices;
  private int size;
  private Cutoff cutoff;
  private final Keys.Block block = new Keys.Block();

  /**
   * A selection of the best {@code n}; of all where fewer arrive.
   *
   * @throws IllegalArgumentException when n is negative or above a billion
   */
  public Selection(long n, TieBreak ties) {
    if (n < 0 || n > MOST) {
      throw new IllegalArgumentException("selects 0 to " + MOST + " of the scores, found " + n);
    }
    this.best = n;
    this.ties = ties;
    this.room = (int) n + Math.max(LEAST_ROOM, (int) n / 2);
    this.keys = new int[Math.min(room, LEAST_ROOM)];
    this.indices = new long[keys.length];
    this.cutoff = n == 0 ? Cutoff.NOTHING : Cutoff.EVERYTHING;
  }

  /**
   * Offers one score.
   *
   * @param index position of the weight in its flattened parameter; at most once each
   */
  public void offer(long index, float score) {
    offerKey(index, Keys.of(score));
  }

  /** Offers the scores of consecutive weights: {@code scores[from..from+count-1]}. */
  public void offer(long firstIndex, float[] scores, int from, int count) {
    for (int i = 0; i < count; i++) {
      offerKey(firstIndex + i, Keys.of(scores[from + i]));
    }
  }

  /**
   * Offers the scores of consecutive weights.
   *
   * @param scores float32 in native byte order, on the heap or outside
   */
  public void offer(long firstIndex, MemorySegment scores) {
    offer(firstIndex, scores, new int[0], 0);
  }

  /**
   * Offers the scores of consecutive weights but for some.
   *
   * @param scores float32 in native byte order, on the heap or outside
   * @param except ascending indices
   * @param next the first of them that is not before {@code firstIndex}
   * @return the first of them that is not before the end of the scores
   */
  public int offer(long firstIndex, MemorySegment scores, int[] except, int next) {
    long count = scores.byteSize() / Float.BYTES;
    for (long done = 0; done < count; done += Keys.Block.SIZE) {
      int length = (int) Math.min(Keys.Block.SIZE, count - done);
      MemorySegment.copy(
          scores, ValueLayout.JAVA_INT_UNALIGNED, done * Float.BYTES, block.keys, 0, length);
      Keys.convert(block.keys, length);
      long start = firstIndex + done;
      for (int i = 0; i < length; i++) {
        if (next < except.length && except[next] == start + i) {
          next++;
        } else {
          offerKey(start + i, block.keys[i]);
        }
      }
    }
    return next;
  }

  /** Takes over what another selection of the same tie break holds. */
  public void merge(Selection other) {
    for (int i = 0; i < other.size; i++) {
      offerKey(other.indices[i], other.keys[i]);
    }
  }

  /** Whether a score could still be among the best, as far as the offers until now tell. */
  public boolean admits(long index, float score) {
    return cutoff.admits(Keys.of(score), index, ties);
  }

  /** Gives back the memory that only more offers would need. */
  public void trim() {
    compact();
    keys = Arrays.copyOf(keys, Math.max(1, size));
    indices = Arrays.copyOf(indices, keys.length);
  }

  /** The indices of the winners, ascending. */
  public long[] indices() {
    compact();
    long[] winners = Arrays.copyOf(indices, size);
    Arrays.parallelSort(winners);
    return winners;
  }

  private void offerKey(long index, int key) {
    if (key < cutoff.key() || !cutoff.admits(key, index, ties)) {
      return;
    }
    if (size == keys.length) {
      makeRoom();
      if (!cutoff.admits(key, index, ties)) {
        return;
      }
    }
    keys[size] = key;
    indices[size++] = index;
  }

  private void makeRoom() {
    if (size < room) {
      int larger = (int) Math.min(room, 2L * size);
      keys = Arrays.copyOf(keys, larger);
      indices = Arrays.copyOf(indices, larger);
    } else {
      compact();
    }
  }

  /** Forgets all but the best. */
  private void compact() {
    if (size <= best) {
      return;
    }
    cutoff = RadixSelect.cutoff(new Held(), 0, size, best, ties, 1);
    int kept = 0;
    for (int i = 0; i < size; i++) {
      if (cutoff.admits(keys[i], indices[i], ties)) {
        keys[kept] = keys[i];
        indices[kept++] = indices[i];
      }
    }
    size = kept;
  }

  /** What the selection holds, for the search of the line. */
  private final class Held implements Keys {
    @Override
    public long size() {
      return size;
    }

    @Override
    public void read(long first, int count, Block into) {
      System.arraycopy(keys, (int) first, into.keys, 0, count);
    }

    @Override
    public long index(long position) {
      return indices[(int) position];
    }

    @Override
    public long highestIndex(long from, long count) {
      return -1L; // offers come in any order
    }
  }
}
