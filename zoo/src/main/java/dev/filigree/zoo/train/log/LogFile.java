package dev.filigree.zoo.train.log;

import dev.filigree.io.Durable;
import dev.filigree.io.Failures;
import dev.filigree.zoo.train.event.TrainingException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/** A file that grows at its end. */
final class LogFile implements AutoCloseable {
  private final Path file;
  private final FileChannel channel;

  private LogFile(Path file, FileChannel channel) {
    this.file = file;
    this.channel = channel;
  }

  /**
   * Opens a file to append to; makes one where there is none.
   *
   * @throws TrainingException when it cannot be written
   */
  static LogFile open(Path file) {
    try {
      return new LogFile(
          file, FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.APPEND));
    } catch (IOException e) {
      throw failed(file, e);
    }
  }

  long size() {
    try {
      return channel.size();
    } catch (IOException e) {
      throw failed(file, e);
    }
  }

  void append(byte[] bytes) {
    try {
      Durable.write(channel, ByteBuffer.wrap(bytes));
    } catch (IOException e) {
      throw failed(file, e);
    }
  }

  /**
   * Keeps some lines of a file, where there is one. What stands after the last line end, of a
   * killed process, is no line.
   */
  static void keep(Path file, Predicate<String> kept) {
    if (!Files.exists(file)) {
      return;
    }
    try {
      // A killed process may have left half a character at the end: read bytes, not text.
      String text = new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
      String whole = text.substring(0, text.lastIndexOf('\n') + 1);
      Durable.replace(
          file, whole.lines().filter(kept).map(line -> line + "\n").collect(Collectors.joining()));
    } catch (IOException e) {
      throw failed(file, e);
    }
  }

  static TrainingException failed(Path file, IOException e) {
    return new TrainingException(file + ": cannot be written: " + Failures.reason(e), e);
  }

  @Override
  public void close() {
    try {
      channel.force(true);
      channel.close();
    } catch (IOException e) {
      throw failed(file, e);
    }
  }
}
