package dev.filigree.zoo.data;

import com.github.luben.zstd.ZstdInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.Locale;
import java.util.zip.GZIPInputStream;
import org.apache.commons.compress.compressors.bzip2.BZip2CompressorInputStream;
import org.tukaani.xz.XZInputStream;

/** How a file is packed. Its first bytes say so; its name may say anything. */
enum Packing {
  NONE,
  GZIP,
  ZSTD,
  XZ,
  BZIP2;

  /** Bytes that {@link #of} reads. */
  static final int HEAD = 6;

  /** The longest window that Zstandard has, as a power of two: {@code zstd --long=31}. */
  private static final int ZSTD_WINDOW = 31;

  private static final int BUFFER = 1 << 16;

  static Packing of(byte[] head) {
    if (begins(head, 0x1F, 0x8B)) {
      return GZIP;
    }
    if (begins(head, 0x28, 0xB5, 0x2F, 0xFD) || isSkippableFrame(head)) {
      return ZSTD;
    }
    if (begins(head, 0xFD, '7', 'z', 'X', 'Z', 0)) {
      return XZ;
    }
    return begins(head, 'B', 'Z', 'h') && head.length > 3 && head[3] >= '1' && head[3] <= '9'
        ? BZIP2
        : NONE;
  }

  /** Whether a file is named as packed. */
  static boolean isIn(String name) {
    return name.toLowerCase(Locale.ROOT).matches(".*\\.(gz|zst|xz|bz2)");
  }

  /** A name without the endings of packing: what it should be called when unpacked. */
  static String strip(String name) {
    return isIn(name) ? strip(name.substring(0, name.lastIndexOf('.'))) : name;
  }

  /** Packed files joined end to end are read as one. */
  InputStream unpack(InputStream in) throws IOException {
    return switch (this) {
      case NONE -> in;
      case GZIP -> new GZIPInputStream(in, BUFFER);
      case ZSTD -> new ZstdInputStream(in).setLongMax(ZSTD_WINDOW);
      case XZ -> new XZInputStream(in);
      case BZIP2 -> new BZip2CompressorInputStream(in, true);
    };
  }

  /** What parallel packers of Zstandard begin with. */
  private static boolean isSkippableFrame(byte[] head) {
    return head.length > 3
        && (head[0] & 0xF0) == 0x50
        && Arrays.equals(head, 1, 4, new byte[] {0x2A, 0x4D, 0x18}, 0, 3);
  }

  static boolean begins(byte[] head, int... expected) {
    if (head.length < expected.length) {
      return false;
    }
    for (int i = 0; i < expected.length; i++) {
      if (Byte.toUnsignedInt(head[i]) != expected[i]) {
        return false;
      }
    }
    return true;
  }
}
