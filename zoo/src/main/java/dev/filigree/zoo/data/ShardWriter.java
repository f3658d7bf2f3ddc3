package dev.filigree.zoo.data;

import dev.filigree.io.Durable;
import dev.filigree.io.Hashing;
import java.io.BufferedOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.util.Locale;

/** Writes one shard aside; {@link #finish} syncs its files and gives them their names. */
final class ShardWriter implements Closeable {
  private final HashedFile tokenFile;
  private final HashedFile documentFile;
  private long documents;
  private long tokens;
  private long bytes;

  ShardWriter(Path folder, int index) throws IOException {
    tokenFile = new HashedFile(folder, String.format(Locale.ROOT, "tokens-%05d.bin", index));
    documentFile = new HashedFile(folder, String.format(Locale.ROOT, "documents-%05d.bin", index));
  }

  void write(EncodedBlock block) throws IOException {
    for (byte[] piece : block.tokens()) {
      tokenFile.out.write(piece);
    }
    documentFile.out.write(block.table().array(), 0, block.table().limit());
    documents += block.documents();
    tokens += block.tokenCount();
    bytes += block.byteCount();
  }

  /** Bytes of text written so far. */
  long bytes() {
    return bytes;
  }

  TokenManifest.Shard finish() throws IOException {
    return new TokenManifest.Shard(
        tokenFile.name,
        tokenFile.finish(),
        documentFile.name,
        documentFile.finish(),
        documents,
        tokens,
        bytes);
  }

  /** Gives up what was not finished: nothing of it stays. */
  @Override
  public void close() throws IOException {
    tokenFile.close();
    documentFile.close();
  }

  private static final class HashedFile {
    final Path folder;
    final String name;
    final Path aside;
    final MessageDigest digest = Hashing.sha256();
    final OutputStream out;

    HashedFile(Path folder, String name) throws IOException {
      this.folder = folder;
      this.name = name;
      aside = folder.resolve(name + ".part");
      var hashed = new DigestOutputStream(Files.newOutputStream(aside), digest);
      out = new BufferedOutputStream(hashed, 1 << 20);
    }

    void close() throws IOException {
      out.close();
      Files.deleteIfExists(aside);
    }

    String finish() throws IOException {
      out.close();
      Durable.syncFile(aside);
      Durable.rename(aside, folder.resolve(name));
      return Hashing.hex(digest);
    }
  }
}
