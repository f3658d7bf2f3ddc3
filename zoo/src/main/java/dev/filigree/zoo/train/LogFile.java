package dev.filigree.zoo.train;

import dev.filigree.io.Durable;
import dev.filigree.io.Failures;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

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
