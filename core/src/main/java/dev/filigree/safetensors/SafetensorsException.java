package dev.filigree.safetensors;

/** A safetensors file that cannot be read or written: one line that names the file. */
public final class SafetensorsException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** An error with its message; control characters in it are replaced by question marks. */
  public SafetensorsException(String message) {
    super(oneLine(message));
  }

  SafetensorsException(String message, Throwable cause) {
    super(oneLine(message), cause);
  }

  /** Names come from files and may hold anything. */
  private static String oneLine(String message) {
    return message.replaceAll("\\p{Cntrl}", "?");
  }
}
