package dev.filigree.config;

/** Bad configuration: one line that says where, what was wrong and what is allowed. */
public final class ConfigException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** An error with its complete message: location, what was found and what is allowed. */
  public ConfigException(String message) {
    super(message);
  }
}
