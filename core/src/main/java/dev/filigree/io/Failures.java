package dev.filigree.io;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;

/** What went wrong with a file, in words. */
public final class Failures {
  private Failures() {}

  /** The first line of a message, or the kind of error where there is none. */
  public static String reason(RuntimeException e) {
    String message = e.getMessage();
    return message == null || message.isBlank()
        ? e.getClass().getSimpleName()
        : message.lines().findFirst().orElse("");
  }

  /** What went wrong, in half a sentence for the end of an error message. */
  public static String reason(IOException e) {
    return switch (e) {
      case AccessDeniedException denied -> "permission denied";
      case NoSuchFileException missing -> "no such file or directory";
      case NotDirectoryException other -> "not a directory";
      case FileAlreadyExistsException existing -> "a file of that name exists";
      case FileSystemException failure when failure.getReason() != null ->
          String.valueOf(failure.getReason());
      default -> String.valueOf(e.getMessage());
    };
  }
}
