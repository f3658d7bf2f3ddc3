package dev.filigree.sparsity.storage;

import dev.filigree.torch.Tensors;
import java.util.Arrays;
import org.bytedeco.pytorch.Tensor;

/**
 * Remembers tensors as they are, to find out whether anybody has changed one since: by what
 * identifies each, where its memory lies and the count of changes that libtorch keeps.
 */
final class Untouched {
  private static final int WORDS = 3; // of a tensor

  private long[] remembered = new long[0];
  private long[] now = new long[0];
  private int count = -1; // of remembered tensors; none are, not even none
  private int listed;

  /** Begins a list of tensors. */
  void begin() {
    listed = 0;
  }

  /** Adds a tensor as it is now; an undefined one counts too. */
  void add(Tensor tensor) {
    if (now.length < (listed + 1) * WORDS) {
      now = Arrays.copyOf(now, 2 * now.length + WORDS);
    }
    int at = listed * WORDS;
    boolean defined = tensor.defined();
    now[at] = defined ? Tensors.identity(tensor) : 0;
    now[at + 1] = defined ? tensor.data_ptr().address() : 0;
    now[at + 2] = defined ? tensor._version() : 0;
    listed++;
  }

  /** Whether the listed tensors are those that are remembered, unchanged. */
  boolean isSame() {
    return count == listed && Arrays.equals(remembered, 0, listed * WORDS, now, 0, listed * WORDS);
  }

  /** Remembers the listed tensors. */
  void remember() {
    remembered = Arrays.copyOf(now, listed * WORDS);
    count = listed;
  }

  /** Remembers none. */
  void forget() {
    count = -1;
  }
}
