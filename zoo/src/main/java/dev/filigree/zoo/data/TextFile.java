package dev.filigree.zoo.data;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdIOException;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;

/**
 * A file that may hold documents: one on disk, or an entry of an archive.
 *
 * @param name what its documents are called: its path in its folder or archive
 * @param place where it is, for messages
 * @param bytes its size, packed as it is
 * @param raw opens it
 */
record TextFile(String name, String place, long bytes, Opener raw) {
  // What unpacks to more than this times its size is a bomb, not text.
  private static final long MAX_RATIO = 500;
  private static final long ALWAYS_ALLOWED = 64L << 20;

  /** Gives the bytes of a file from its beginning; may be called any number of times. */
  @FunctionalInterface
  interface Opener {
    InputStream open() throws IOException;
  }

  /**
   * Its content, unpacked where it is packed, whatever it is called.
   *
   * @throws DataException when it is a pointer to a file, or is named as packed and is not
   */
  InputStream open() throws IOException {
    var in = new BufferedInputStream(raw.open(), 1 << 16);
    try {
      return unpacked(in);
    } catch (IOException e) {
      in.close();
      throw damaged(e);
    } catch (DataException e) {
      in.close();
      throw e;
    }
  }

  private InputStream unpacked(BufferedInputStream in) throws IOException {
    in.mark(LfsPointer.HEAD);
    byte[] head = in.readNBytes(LfsPointer.HEAD);
    in.reset();
    LfsPointer.refuse(head, place);
    Packing packing = Packing.of(head);
    if (packing == Packing.NONE) {
      if (Packing.isIn(name)) {
        throw new DataException(
            place
                + ": damaged, or unpacked already: it begins as none of gzip, zstd, xz and bzip2;"
                + " rename it if it is whole");
      }
      return in;
    }
    long allowed = Math.max(ALWAYS_ALLOWED, MAX_RATIO * bytes);
    return new BoundedInput(packing.unpack(in), allowed, place) {
      @Override
      RuntimeException failed(IOException cause) {
        return damaged(cause);
      }
    };
  }

  private DataException damaged(IOException e) {
    if (e instanceof ZstdIOException zstd
        && (zstd.getErrorCode() == Zstd.errFrameParameterWindowTooLarge()
            || zstd.getErrorCode() == Zstd.errMemoryAllocation())) {
      return new DataException(
          place + ": its window of Zstandard is too long for this machine: " + e.getMessage(), e);
    }
    return new DataException(place + ": damaged: " + e.getMessage(), e);
  }
}
