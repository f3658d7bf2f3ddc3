package dev.filigree.zoo.data;

import dev.filigree.io.Hashing;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Where each document lies among the tokens.
 *
 * <p>In a file a document takes 16 bytes, little endian: tokens (int32, the one that ends it
 * included), bytes of text (int32), hash of its name (int64).
 *
 * @param starts first token of each document, and the end of the last: [documents + 1]
 * @param bytes length of each text in UTF-8: [documents]
 * @param hashes hash of each name: [documents]
 */
@SuppressWarnings("ArrayRecordComponent") // shared inside the package, never compared
record DocumentTable(long[] starts, int[] bytes, long[] hashes) {
  static final int ENTRY_BYTES = 16;

  /** Reads the tables of all shards as one. */
  static DocumentTable read(Path folder, List<TokenManifest.Shard> shards) throws IOException {
    int count = Math.toIntExact(shards.stream().mapToLong(TokenManifest.Shard::documents).sum());
    var table = new DocumentTable(new long[count + 1], new int[count], new long[count]);
    int next = 0;
    for (TokenManifest.Shard shard : shards) {
      ByteBuffer entries =
          ByteBuffer.wrap(Files.readAllBytes(folder.resolve(shard.documentFile())));
      entries.order(ByteOrder.LITTLE_ENDIAN);
      while (entries.hasRemaining()) {
        int tokens = entries.getInt();
        table.starts[next + 1] = table.starts[next] + tokens;
        table.bytes[next] = entries.getInt();
        if (tokens < 0 || table.bytes[next] < 0) {
          throw new DataException(
              folder.resolve(shard.documentFile()) + ": damaged: a document of a size below 0");
        }
        table.hashes[next++] = entries.getLong();
      }
    }
    return table;
  }

  int size() {
    return bytes.length;
  }

  /** A hash that never changes: FNV-1a over the UTF-8 name, then mixed. */
  static long hash(String name) {
    return Hashing.mix(Hashing.fnv1a(name));
  }
}
