package dev.filigree.safetensors;

import dev.filigree.torch.Tensors;
import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Collections;
import java.util.Map;
import org.bytedeco.pytorch.MemoryFormatOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/**
 * A safetensors file open for reading. The header is read and checked at once; each tensor's bytes
 * go from the file straight into the memory of the tensor, when it is read.
 *
 * <p>Not thread-safe.
 */
public final class SafetensorsFile implements AutoCloseable {
  /** The format's own limit on the header. */
  static final int MAX_HEADER_BYTES = 100_000_000;

  private static final long READ_BYTES = 1L << 26;

  private static final String LFS_POINTER = "version https://git-lfs.github.com/spec/";

  private final Path file;
  private final FileChannel channel;
  private final long dataStart;
  private final Header header;

  private SafetensorsFile(Path file, FileChannel channel, long dataStart, Header header) {
    this.file = file;
    this.channel = channel;
    this.dataStart = dataStart;
    this.header = header;
  }

  /**
   * Opens a file and checks its header.
   *
   * @throws SafetensorsException when it is missing, cut short, or its header is not consistent
   */
  @SuppressWarnings("MustBeClosedChecker") // the channel belongs to the returned object
  public static SafetensorsFile open(Path file) {
    FileChannel channel = null;
    try {
      channel = FileChannel.open(file, StandardOpenOption.READ);
      var opened = open(file, channel);
      channel = null;
      return opened;
    } catch (NoSuchFileException e) {
      throw new SafetensorsException(file + ": no such file", e);
    } catch (IOException e) {
      throw new SafetensorsException(file + ": cannot be read: " + e.getMessage(), e);
    } finally {
      closeQuietly(channel);
    }
  }

  private static SafetensorsFile open(Path file, FileChannel channel) throws IOException {
    long size = channel.size();
    if (size < Long.BYTES) {
      throw new SafetensorsException(
          "%s: has %d bytes, too few for a safetensors file".formatted(file, size));
    }
    refusePointer(file, channel, size);
    ByteBuffer length = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    readFully(channel, length, 0);
    long headerBytes = length.getLong(0);
    // An unsigned number in the file: a negative one here is a huge one there.
    if (headerBytes < 2 || headerBytes > MAX_HEADER_BYTES || headerBytes > size - Long.BYTES) {
      throw new SafetensorsException(
          "%s: claims a header of %s bytes; the file has %d and the format allows %d"
              .formatted(file, Long.toUnsignedString(headerBytes), size, MAX_HEADER_BYTES));
    }
    ByteBuffer json = ByteBuffer.allocate((int) headerBytes);
    readFully(channel, json, Long.BYTES);
    if (json.get(0) != '{') {
      throw new SafetensorsException(file + ": not a safetensors file: no JSON header");
    }
    long dataStart = Long.BYTES + headerBytes;
    return new SafetensorsFile(
        file, channel, dataStart, Header.parse(json.array(), size - dataStart, file.toString()));
  }

  /** Repositories hold small texts in the place of large files until Git LFS has fetched them. */
  private static void refusePointer(Path file, FileChannel channel, long size) throws IOException {
    ByteBuffer start = ByteBuffer.allocate((int) Math.min(size, LFS_POINTER.length()));
    readFully(channel, start, 0);
    if (new String(start.array(), StandardCharsets.US_ASCII).equals(LFS_POINTER)) {
      throw new SafetensorsException(
          file + ": is a Git LFS pointer, not the file itself; fetch that with 'git lfs pull'");
    }
  }

  /** Every tensor by name, in the order of their data. */
  public Map<String, TensorEntry> entries() {
    return Collections.unmodifiableMap(header.entries());
  }

  /** The free-form metadata in the header. */
  public Map<String, String> metadata() {
    return header.metadata();
  }

  /**
   * Reads one tensor into new CPU memory.
   *
   * @throws SafetensorsException when there is no such tensor, or its bytes cannot be read
   */
  public Tensor read(String name) {
    TensorEntry entry = entry(name);
    Tensor tensor =
        torch.empty(
            entry.dimensions(),
            new TensorOptions(entry.type().scalarType()),
            new MemoryFormatOptional());
    readInto(name, tensor);
    return tensor;
  }

  /**
   * Reads one tensor into an existing tensor.
   *
   * @param target a contiguous CPU tensor of the same type and shape
   * @throws SafetensorsException when the type or shape differs, or the bytes cannot be read
   */
  public void readInto(String name, Tensor target) {
    TensorEntry entry = entry(name);
    if (!Arrays.equals(Tensors.shape(target), entry.dimensions())
        || ElementType.of(target) != entry.type()) {
      throw new SafetensorsException(
          "%s: tensor '%s' is %s of shape %s, expected %s of shape %s"
              .formatted(
                  file,
                  name,
                  entry.type(),
                  entry.shape(),
                  ElementType.of(target),
                  Arrays.toString(Tensors.shape(target))));
    }
    MemorySegment memory = Tensors.segment(target);
    try {
      for (long done = 0; done < memory.byteSize(); done += READ_BYTES) {
        long part = Math.min(READ_BYTES, memory.byteSize() - done);
        readFully(
            channel, memory.asSlice(done, part).asByteBuffer(), dataStart + entry.begin() + done);
      }
    } catch (IOException e) {
      throw new SafetensorsException(
          "%s: tensor '%s' cannot be read: %s".formatted(file, name, e.getMessage()), e);
    }
    if (entry.type() == ElementType.BOOL) {
      checkBooleans(name, memory);
    }
  }

  private void checkBooleans(String name, MemorySegment memory) {
    for (long i = 0; i < memory.byteSize(); i++) {
      byte value = memory.get(ValueLayout.JAVA_BYTE, i);
      if (value != 0 && value != 1) {
        throw new SafetensorsException(
            "%s: tensor '%s' is BOOL but holds the byte %d".formatted(file, name, value));
      }
    }
  }

  private TensorEntry entry(String name) {
    TensorEntry entry = header.entries().get(name);
    if (entry == null) {
      throw new SafetensorsException("%s: has no tensor '%s'".formatted(file, name));
    }
    return entry;
  }

  private static void readFully(FileChannel channel, ByteBuffer buffer, long position)
      throws IOException {
    while (buffer.hasRemaining()) {
      int read = channel.read(buffer, position);
      if (read < 0) {
        throw new EOFException("the file ends early");
      }
      position += read;
    }
  }

  @Override
  public void close() {
    closeQuietly(channel);
  }

  private static void closeQuietly(@Nullable FileChannel channel) {
    if (channel != null) {
      try {
        channel.close();
      } catch (IOException e) {
        // Nothing was written: there is nothing to lose.
      }
    }
  }
}
