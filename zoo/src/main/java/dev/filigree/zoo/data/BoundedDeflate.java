package dev.filigree.zoo.data;

import io.jhdf.exceptions.HdfFilterException;
import io.jhdf.filter.DeflatePipelineFilter;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.zip.InflaterInputStream;

/** HDF5's gzip filter, which stops at a limit where the library's own unpacks without end. */
final class BoundedDeflate extends DeflatePipelineFilter {
  static final int ID = 1;

  private final long maxBytes;

  /**
   * @param maxBytes that a chunk may unpack to
   */
  BoundedDeflate(long maxBytes) {
    this.maxBytes = maxBytes;
  }

  @Override
  public byte[] decode(byte[] packed, int[] options) {
    try (var in =
        new BoundedInput(
            new InflaterInputStream(new ByteArrayInputStream(packed)), maxBytes, "a chunk")) {
      return in.readAllBytes();
    } catch (DataException e) { // which file it is, the caller knows
      throw new HdfFilterException(String.valueOf(e.getMessage()), e.getCause());
    } catch (IOException e) {
      throw new HdfFilterException("a chunk cannot be unpacked", e);
    }
  }
}
