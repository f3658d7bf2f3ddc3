package dev.filigree.cli;

import dev.filigree.config.ConfigException;
import java.io.PrintWriter;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/** Every error is one line on standard error; its stack trace is for {@code --verbose}. */
final class ErrorLines implements IParameterExceptionHandler, IExecutionExceptionHandler {

  @Override
  public int handleParseException(ParameterException e, String[] args) {
    CommandLine command = e.getCommandLine();
    PrintWriter err = command.getErr();
    err.println("error: " + firstLine(e.getMessage()) + suggestion(e) + "; see " + help(command));
    printTrace(e, err);
    return ExitCode.USAGE;
  }

  @Override
  public int handleExecutionException(
      Exception e, CommandLine command, @Nullable ParseResult parsed) {
    PrintWriter err = command.getErr();
    boolean usage = e instanceof UsageException;
    err.println("error: " + message(e) + (usage ? "; see " + help(command) : ""));
    printTrace(e, err);
    return usage || e instanceof ConfigException ? ExitCode.USAGE : ExitCode.SOFTWARE;
  }

  private static String suggestion(ParameterException e) {
    if (e instanceof UnmatchedArgumentException unmatched
        && !unmatched.getSuggestions().isEmpty()) {
      return "; did you mean " + String.join(" or ", unmatched.getSuggestions()) + "?";
    }
    return "";
  }

  private static String help(CommandLine command) {
    return "'" + command.getCommandSpec().qualifiedName() + " --help'";
  }

  static String message(Throwable e) {
    return switch (e) {
      case NoSuchFileException missing -> missing.getFile() + ": no such file";
      case AccessDeniedException denied -> denied.getFile() + ": permission denied";
      case FileAlreadyExistsException there -> there.getFile() + ": is there already";
      case OutOfMemoryError _ ->
          "out of memory: make the batch smaller, or raise FILIGREE_JAVA_OPTS=-Xmx8g";
      default -> ownOrForeign(e);
    };
  }

  /** C++ errors and the like: their first line, and how to see the rest. */
  private static String ownOrForeign(Throwable e) {
    boolean own = e.getClass().getName().startsWith("dev.filigree.");
    String line = firstLine(e.getMessage());
    if (own && !line.isEmpty()) {
      return line;
    }
    String text = line.isEmpty() ? e.getClass().getSimpleName() : line;
    return text + " (--verbose shows where)";
  }

  private static void printTrace(Throwable e, PrintWriter err) {
    if (Logging.isVerbose()) {
      e.printStackTrace(err);
    }
  }

  private static String firstLine(@Nullable String message) {
    return message == null ? "" : message.lines().findFirst().orElse("").strip();
  }
}
