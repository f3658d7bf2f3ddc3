package dev.filigree.zoo.data;

import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import org.jspecify.annotations.Nullable;

/** Reads a text in lines or in pieces. */
final class TextReader implements Closeable {
  /** A longer line of JSON, or a longer document, would not be text. */
  static final int MAX_DOCUMENT_BYTES = 64 << 20;

  private final String name;
  private final InputStream in;
  private final byte[] buffer = new byte[1 << 16];
  private int position;
  private int limit;

  TextReader(TextFile file) throws IOException {
    name = file.place();
    in = file.open();
  }

  /**
   * The next line without its end, or null after the last.
   *
   * @throws DataException for a line longer than {@link #MAX_DOCUMENT_BYTES}
   */
  byte @Nullable [] line() throws IOException {
    var line = new ByteArrayOutputStream(256);
    boolean any = false;
    while (fill()) {
      any = true;
      boolean ended = append(line, MAX_DOCUMENT_BYTES);
      if (ended) {
        return line.toByteArray();
      }
      if (line.size() >= MAX_DOCUMENT_BYTES) {
        throw new DataException(name + ": a line of more than " + MAX_DOCUMENT_BYTES + " bytes");
      }
    }
    return any ? line.toByteArray() : null;
  }

  /** Whole lines of at least {@code size} bytes together, fewer at the end, none after it. */
  byte[] piece(int size) throws IOException {
    var piece = new ByteArrayOutputStream(size + 256);
    // A text without line ends is cut at twice the size, between two characters.
    while (piece.size() < 2 * size && fill()) {
      if (append(piece, 2 * size)) {
        piece.write('\n');
        if (piece.size() >= size) {
          return piece.toByteArray();
        }
      }
    }
    while (fill() && (buffer[position] & 0xC0) == 0x80) {
      piece.write(buffer[position++]);
    }
    return piece.toByteArray();
  }

  /** Moves bytes up to a line end, the buffer's end or a size; returns whether a line ended. */
  private boolean append(ByteArrayOutputStream target, int maxSize) {
    int stop = Math.min(limit, position + maxSize - target.size());
    int end = position;
    while (end < stop && buffer[end] != '\n') {
      end++;
    }
    target.write(buffer, position, end - position);
    boolean ended = end < stop;
    position = ended ? end + 1 : end;
    return ended;
  }

  /** Whether there is another byte in the buffer. */
  private boolean fill() throws IOException {
    if (position == limit) {
      position = 0;
      limit = Math.max(0, in.read(buffer));
    }
    return limit > 0;
  }

  @Override
  public void close() throws IOException {
    in.close();
  }
}
