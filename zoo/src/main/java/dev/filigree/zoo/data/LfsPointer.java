package dev.filigree.zoo.data;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/** What Git leaves in place of a large file that was not fetched: three lines of text. */
final class LfsPointer {
  private static final byte[] BEGINNING =
      "version https://git-lfs.github.com/spec/".getBytes(StandardCharsets.US_ASCII);

  /** Bytes that say whether a file is one. */
  static final int HEAD = BEGINNING.length;

  private LfsPointer() {}

  /**
   * Throws for a file that is only a pointer.
   *
   * @throws DataException naming it and how to fetch it
   */
  static void refuse(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      refuse(in.readNBytes(HEAD), file.toString());
    }
  }

  /** The same for the first bytes of a file. */
  static void refuse(byte[] head, String place) {
    if (head.length >= HEAD && Arrays.equals(head, 0, HEAD, BEGINNING, 0, HEAD)) {
      throw new DataException(
          place + ": a pointer of Git LFS, not the file itself; fetch it with 'git lfs pull'");
    }
  }
}
