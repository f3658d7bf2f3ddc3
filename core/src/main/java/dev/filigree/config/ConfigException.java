package dev.filigree.config;

/**
 * Thrown for invalid configuration. The message is one line that says where the error is, what was
 * found and what is allowed.
 */
public final class ConfigException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /**
   * Creates an error with its complete message: the location, what was found and what is allowed.
   */
  public ConfigException(String message) {
    super(message);
  }
}
