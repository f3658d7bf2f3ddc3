package dev.filigree.zoo.data;

import com.github.luben.zstd.ZstdInputStream;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;
import org.jspecify.annotations.Nullable;

/** Reads a file in lines or in pieces, unpacked where its name ends in .zst or .gz. */
final class TextReader implements Closeable {
  /** A longer line of JSON, or a longer document, would not be text. */
  static final int MAX_DOCUMENT_BYTES = 64 << 20;

  // What unpacks to more than this times its size is a bomb, not text.
  private static final long MAX_RATIO = 500;
  private static final long ALWAYS_ALLOWED = 64L << 20;

  private final String name;
  private final InputStream in;
  private final byte[] buffer = new byte[1 << 16];
  private int position;
  private int limit;

  TextReader(Path file) throws IOException {
    name = file.toString();
    in = open(file);
  }

  private static InputStream open(Path file) throws IOException {
    InputStream raw = Files.newInputStream(file);
    long allowed = Math.max(ALWAYS_ALLOWED, MAX_RATIO * Files.size(file));
    String name = file.toString().toLowerCase(Locale.ROOT);
    try {
      if (name.endsWith(".zst")) {
        return new BoundedInput(new ZstdInputStream(raw), allowed, file.toString());
      }
      if (name.endsWith(".gz")) {
        return new BoundedInput(new GZIPInputStream(raw, 1 << 16), allowed, file.toString());
      }
      return raw;
    } catch (IOException e) {
      raw.close();
      throw new DataException(file + ": damaged: " + e.getMessage(), e);
    }
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
      try {
        limit = Math.max(0, in.read(buffer));
      } catch (ZipException | EOFException e) {
        throw new DataException(name + ": damaged: " + e.getMessage(), e);
      } catch (com.github.luben.zstd.ZstdIOException e) {
        throw new DataException(name + ": damaged: " + e.getMessage(), e);
      }
    }
    return limit > 0;
  }

  @Override
  public void close() throws IOException {
    in.close();
  }
}
