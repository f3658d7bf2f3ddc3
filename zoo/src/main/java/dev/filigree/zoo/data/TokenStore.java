package dev.filigree.zoo.data;

import dev.filigree.io.Hashing;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;

/** A folder of tokens, mapped into memory: what a {@link DataPreparation} left behind. */
public final class TokenStore {
  private final Path folder;
  private final TokenManifest manifest;
  private final DocumentTable table;
  private final MemorySegment[] shards;
  private final long[] shardStarts; // first token of each shard

  private TokenStore(
      Path folder,
      TokenManifest manifest,
      DocumentTable table,
      MemorySegment[] shards,
      long[] starts) {
    this.folder = folder;
    this.manifest = manifest;
    this.table = table;
    this.shards = shards;
    this.shardStarts = starts;
  }

  /** Whether a folder holds prepared tokens, all of them. */
  public static boolean isIn(Path folder) throws IOException {
    return TokenManifest.existsIn(folder) && TokenManifest.read(folder).complete();
  }

  /**
   * Opens a folder. Sizes are checked; {@link #verify} checks every byte.
   *
   * @throws DataException when the folder is incomplete or damaged
   */
  public static TokenStore open(Path folder) throws IOException {
    TokenManifest manifest = TokenManifest.read(folder);
    if (!manifest.complete()) {
      throw new DataException(folder + ": the preparation did not finish; run it again to go on");
    }
    int count = manifest.shards().size();
    var shards = new MemorySegment[count];
    var starts = new long[count];
    long start = 0;
    for (int i = 0; i < count; i++) {
      TokenManifest.Shard shard = manifest.shards().get(i);
      long tokenBytes = shard.tokens() * manifest.tokenType().bytes();
      checkSize(folder.resolve(shard.tokenFile()), tokenBytes);
      checkSize(
          folder.resolve(shard.documentFile()), shard.documents() * DocumentTable.ENTRY_BYTES);
      shards[i] = map(folder.resolve(shard.tokenFile()));
      starts[i] = start;
      start += shard.tokens();
    }
    DocumentTable table = DocumentTable.read(folder, manifest.shards());
    if (start != manifest.tokens() || table.starts()[table.size()] != start) {
      throw new DataException(folder + ": its files disagree with its manifest; remove the folder");
    }
    return new TokenStore(folder, manifest, table, shards, starts);
  }

  private static MemorySegment map(Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      return channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), Arena.ofAuto());
    }
  }

  private static void checkSize(Path file, long expected) throws IOException {
    long found = Files.exists(file) ? Files.size(file) : -1;
    if (found != expected) {
      throw new DataException(
          file
              + ": "
              + (found < 0 ? "missing" : "has " + found + " bytes instead of " + expected)
              + "; remove the folder to prepare it again");
    }
  }

  /**
   * Compares every file with its SHA-256.
   *
   * @throws DataException naming the file that differs
   */
  public void verify() throws IOException {
    for (TokenManifest.Shard shard : manifest.shards()) {
      verify(folder.resolve(shard.tokenFile()), shard.tokenFileSha256());
      verify(folder.resolve(shard.documentFile()), shard.documentFileSha256());
    }
  }

  private static void verify(Path file, String expected) throws IOException {
    if (!Hashing.sha256(file).equals(expected)) {
      throw new DataException(file + ": damaged: its SHA-256 is not the manifest's");
    }
  }

  /**
   * Copies tokens of one shard.
   *
   * @param start first token, counted over all shards
   * @param target int64 elements, filled from {@code offset}
   */
  void copy(long start, long count, MemorySegment target, long offset) {
    int shard = shardOf(start);
    long from = start - shardStarts[shard];
    manifest.tokenType().copy(shards[shard], from, count, target, offset);
  }

  private int shardOf(long token) {
    int found = Arrays.binarySearch(shardStarts, token);
    return found >= 0 ? found : -found - 2;
  }

  DocumentTable table() {
    return table;
  }

  TokenManifest manifest() {
    return manifest;
  }

  /** Where its files lie. */
  public Path folder() {
    return folder;
  }

  /** Where the documents came from. */
  public String source() {
    return manifest.source();
  }

  /** What of the source was not read as documents: a line each. */
  public List<String> notes() {
    return manifest.notes();
  }

  /** The number of texts. */
  public long documents() {
    return manifest.documents();
  }

  /** Ids, those that end documents included. */
  public long tokens() {
    return manifest.tokens();
  }

  /** Length of the text in UTF-8. */
  public long bytes() {
    return manifest.bytes();
  }

  /**
   * The tokenizer that made the tokens: the folder's own files, or the one that its manifest names.
   *
   * @throws DataException when it is not to be had any more, or is another one now
   */
  public Tokenizer tokenizer() {
    Tokenizer tokenizer =
        TokenizerFiles.in(folder).orElseGet(() -> Tokenizers.of(manifest.tokenizer()));
    if (!isMadeBy(tokenizer)) {
      throw new DataException(
          folder
              + ": made with another version of the tokenizer "
              + manifest.tokenizer()
              + "; prepare it again");
    }
    return tokenizer;
  }

  /** Whether a tokenizer is the one that made the tokens. */
  boolean isMadeBy(Tokenizer tokenizer) {
    return tokenizer.identity().equals(manifest.tokenizerIdentity());
  }

  /** What is wrong when tokens are to be read as another tokenizer's. */
  String otherTokenizer(String name) {
    return "%s: its tokens were made by the tokenizer %s, not by %s: leave out tokenizer, or prepare the documents again"
        .formatted(folder.resolve(TokenManifest.FILE), manifest.tokenizer(), name);
  }
}
