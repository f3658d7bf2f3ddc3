package dev.filigree.zoo.data;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/** Some documents of a store in some order, read as one long run of tokens. */
final class DocumentOrder {
  private final TokenStore store;
  private final int[] documents;
  private final long[] starts; // first token of each document in the run, then the end

  DocumentOrder(TokenStore store, int[] documents) {
    this.store = store;
    this.documents = documents;
    starts = new long[documents.length + 1];
    for (int i = 0; i < documents.length; i++) {
      starts[i + 1] = starts[i] + length(store.table(), documents[i]);
    }
  }

  /** The documents in an order that the seed decides. */
  static DocumentOrder shuffled(TokenStore store, int[] documents, long seed) {
    var permutation = new Permutation(documents.length, seed);
    int[] order = new int[documents.length];
    for (int i = 0; i < order.length; i++) {
      order[i] = documents[(int) permutation.at(i)];
    }
    return new DocumentOrder(store, order);
  }

  private static long length(DocumentTable table, int document) {
    return table.starts()[document + 1] - table.starts()[document];
  }

  /** Copies tokens of the run into int64 elements. */
  void copy(long start, long count, MemorySegment target, long offset) {
    int found = Arrays.binarySearch(starts, start);
    int document = found >= 0 ? found : -found - 2;
    long done = 0;
    while (done < count) {
      long inside = start + done - starts[document];
      long take = Math.min(count - done, starts[document + 1] - starts[document] - inside);
      store.copy(store.table().starts()[documents[document]] + inside, take, target, offset + done);
      done += take;
      document++;
    }
  }
}
