package dev.filigree.zoo.report;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The metrics of a run that may go on: of a file that grew only what is new is read. A file that
 * was replaced, as by a resume, is read from its beginning.
 */
final class MetricsTail {
  private static final int CHUNK = 1 << 16;
  private static final int LONGEST = 1 << 24;

  private final Path file;
  private RunMetrics metrics = new RunMetrics();
  private final ByteArrayOutputStream rest = new ByteArrayOutputStream();
  private @Nullable Object identity;
  private long read;
  private long modified;

  MetricsTail(Path file) {
    this.file = file;
  }

  /** Reads what is new; returns whether there was anything. */
  boolean refresh() throws IOException {
    BasicFileAttributes now;
    try {
      now = Files.readAttributes(file, BasicFileAttributes.class);
    } catch (NoSuchFileException e) {
      return false;
    }
    modified = now.lastModifiedTime().toMillis();
    boolean replaced = !Objects.equals(identity, now.fileKey()) || now.size() < read;
    if (!replaced && now.size() == read) {
      return false;
    }
    if (replaced) {
      metrics = new RunMetrics();
      rest.reset();
      read = 0;
      identity = now.fileKey();
    }
    try (SeekableByteChannel channel = Files.newByteChannel(file)) {
      channel.position(read);
      ByteBuffer chunk = ByteBuffer.allocate(CHUNK);
      while (channel.read(chunk) > 0) {
        chunk.flip();
        read += chunk.remaining();
        accept(chunk);
        chunk.clear();
      }
    }
    return true;
  }

  private void accept(ByteBuffer chunk) {
    while (chunk.hasRemaining()) {
      byte next = chunk.get();
      if (next == '\n') {
        metrics.accept(rest.toString(StandardCharsets.UTF_8));
        rest.reset();
      } else if (rest.size() <= LONGEST) {
        rest.write(next); // what is longer is no row: cut, it cannot be read
      }
    }
  }

  RunMetrics metrics() {
    return metrics;
  }

  /** What changes whenever the metrics do. */
  String version() {
    return Integer.toHexString(Objects.hashCode(identity)) + "." + read;
  }

  /** When the file was last written, in milliseconds since 1970; 0 where there is none. */
  long modified() {
    return modified;
  }
}
