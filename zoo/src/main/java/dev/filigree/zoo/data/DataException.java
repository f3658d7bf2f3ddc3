package dev.filigree.zoo.data;

import org.jspecify.annotations.Nullable;

/** Data that cannot be used: one line that says which, why and what would do. */
public final class DataException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public DataException(String message) {
    super(message);
  }

  public DataException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
