package dev.filigree.zoo.eval;

/** A text that has no likelihood: one line that says why. */
public final class UnscorableException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  private final int index;

  /**
   * @param index of the text among those to be scored
   */
  UnscorableException(int index, String message) {
    super(message);
    this.index = index;
  }

  /** Which of the texts to be scored it is, from 0. */
  public int index() {
    return index;
  }
}
