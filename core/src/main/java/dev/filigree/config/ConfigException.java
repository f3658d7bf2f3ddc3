package dev.filigree.config;

/** Bad configuration: one line that says where, what was wrong and what is allowed. */
public final class ConfigException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public ConfigException(String message) {
    super(message);
  }
}
