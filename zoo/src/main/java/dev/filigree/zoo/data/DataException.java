package dev.filigree.zoo.data;

import org.jspecify.annotations.Nullable;

/** Data that cannot be used: one line that says which, why and what would do. */
public final class DataException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /**
   * @param message one line: what is wrong with which file, and what is allowed
   */
  public DataException(String message) {
    super(message);
  }

  /**
   * @param message one line: what is wrong with which file, and what is allowed
   * @param cause what it came of
   */
  public DataException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
