package dev.filigree.cli;

/** Wrong use of a command: one line that says what was wrong and what is allowed. Exit code 2. */
final class UsageException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  UsageException(String message) {
    super(message);
  }
}
