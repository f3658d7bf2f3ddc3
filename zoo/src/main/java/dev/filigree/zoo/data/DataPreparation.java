package dev.filigree.zoo.data;

import dev.filigree.io.Hashing;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.List;
import java.util.Locale;

/**
 * Turns documents into a folder of tokens, with all cores. A folder that is already there and still
 * fits is taken as it is; one that a killed process left half done is continued at its last shard.
 */
public final class DataPreparation {
  private static final long SHARD_BYTES = 256L << 20;
  // Folders are locked between processes by a file; inside one process that lock cannot wait.
  private static final Object IN_THIS_PROCESS = new Object();

  private final DocumentSource source;
  private final Tokenizer tokenizer;
  private int threads = Runtime.getRuntime().availableProcessors();
  private long shardBytes = SHARD_BYTES;
  private Progress progress = (documents, tokens, bytes) -> {};

  /**
   * @param source the texts
   * @param tokenizer what makes them tokens
   */
  public DataPreparation(DocumentSource source, Tokenizer tokenizer) {
    this.source = source;
    this.tokenizer = tokenizer;
  }

  /** Hears how far the work is, now and then. */
  @FunctionalInterface
  public interface Progress {
    /** Called now and then, with all that was read so far. */
    void report(long documents, long tokens, long bytes);
  }

  /**
   * What came out.
   *
   * @param store the tokens
   * @param prepared documents of this run: none where the folder was there already
   * @param tokensPerSecond of this run; 0 where nothing was to do
   */
  public record Result(TokenStore store, long prepared, double seconds, double tokensPerSecond) {}

  /** How many threads encode; by default one a core. */
  public DataPreparation threads(int threads) {
    if (threads < 1) {
      throw new IllegalArgumentException("threads must be at least 1, found " + threads);
    }
    this.threads = threads;
    return this;
  }

  /** Bytes of text after which a new pair of files begins; by default 256 MiB. */
  public DataPreparation shardBytes(long shardBytes) {
    if (shardBytes < 1) {
      throw new IllegalArgumentException("shardBytes must be at least 1, found " + shardBytes);
    }
    this.shardBytes = shardBytes;
    return this;
  }

  /** What is told how far the work is; nothing by default. */
  public DataPreparation progress(Progress progress) {
    this.progress = progress;
    return this;
  }

  /** Prepares into a folder of the cache that belongs to exactly these documents and tokenizer. */
  public Result inCache(Path cache) throws IOException {
    String key = key();
    String slug = tokenizer.name().replaceAll(".*[/\\\\]", "").replaceAll("[^A-Za-z0-9.-]", "_");
    Path folder =
        cache.resolve("tokens").resolve(slug.toLowerCase(Locale.ROOT) + "-" + key.substring(0, 16));
    return prepare(folder, key);
  }

  /**
   * Prepares into a folder.
   *
   * @throws DataException when the folder holds other tokens
   */
  public Result into(Path folder) throws IOException {
    return prepare(folder, key());
  }

  private Result prepare(Path folder, String key) throws IOException {
    if (TokenStore.isIn(folder) && TokenManifest.read(folder).key().equals(key)) {
      return new Result(TokenStore.open(folder), 0, 0, 0);
    }
    Files.createDirectories(folder);
    synchronized (IN_THIS_PROCESS) {
      try (FileChannel channel =
          FileChannel.open(
              folder.resolve(".lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
        channel.lock(); // released with the channel
        long start = System.nanoTime();
        TokenManifest before = progressIn(folder, key);
        tokenizer.save(folder);
        TokenManifest after =
            before.complete()
                ? before
                : new PreparationRun(source, tokenizer, threads, shardBytes, progress)
                    .run(folder, before);
        double seconds = (System.nanoTime() - start) / 1e9;
        long tokens = after.tokens() - before.tokens();
        return new Result(
            TokenStore.open(folder),
            after.documents() - before.documents(),
            seconds,
            tokens / seconds);
      }
    }
  }

  private TokenManifest progressIn(Path folder, String key) throws IOException {
    if (TokenManifest.existsIn(folder)) {
      TokenManifest found = TokenManifest.read(folder);
      if (!found.key().equals(key)) {
        throw new DataException(
            folder
                + ": holds other tokens (of "
                + found.source()
                + " by "
                + found.tokenizer()
                + "), or the source has changed since; remove it or choose another folder");
      }
      return found;
    }
    return new TokenManifest(
        TokenManifest.VERSION,
        source.description(),
        key,
        tokenizer.name(),
        tokenizer.identity(),
        tokenizer.vocabularySize(),
        tokenizer.endOfText(),
        TokenType.of(tokenizer.vocabularySize()),
        List.of(),
        false,
        0,
        0,
        0,
        List.of());
  }

  private String key() throws IOException {
    MessageDigest digest = Hashing.sha256();
    for (String part :
        List.of(source.fingerprint(), tokenizer.identity(), "format " + TokenManifest.VERSION)) {
      digest.update(part.getBytes(StandardCharsets.UTF_8));
      digest.update((byte) 0);
    }
    return Hashing.hex(digest);
  }
}
