package dev.filigree.zoo.data;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;

/** What a decompressor gives, up to a limit: a small file must not unpack without end. */
class BoundedInput extends FilterInputStream {
  private final long limit;
  private final String name;
  private long count;

  /**
   * @param limit bytes that may be read
   * @param name the file, for the error message
   */
  BoundedInput(InputStream in, long limit, String name) {
    super(in);
    this.limit = limit;
    this.name = name;
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : Byte.toUnsignedInt(one[0]);
  }

  @Override
  public int read(byte[] buffer, int offset, int length) throws IOException {
    try {
      int read = super.read(buffer, offset, length);
      count(Math.max(read, 0));
      return read;
    } catch (IOException e) {
      throw failed(e);
    }
  }

  /** What a decompressor's error becomes. */
  RuntimeException failed(IOException cause) {
    return new DataException(name + ": damaged: " + cause.getMessage(), cause);
  }

  @Override
  public long skip(long bytes) throws IOException {
    long skipped = super.skip(bytes);
    count(skipped);
    return skipped;
  }

  @Override
  public boolean markSupported() {
    return false;
  }

  private void count(long bytes) {
    count += bytes;
    if (count > limit) {
      throw new DataException(
          name
              + ": unpacks to more than "
              + limit
              + " bytes, far more than such a file should hold; unpack it yourself if it is sound");
    }
  }
}
