package dev.filigree.zoo.data;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/**
 * One preparation at work: the calling thread reads and writes, in order; the others encode blocks
 * of documents in between. So the files are the same whatever the number of threads.
 */
final class PreparationRun {
  private static final int BLOCK_BYTES = 1 << 20;

  private final DocumentSource source;
  private final Tokenizer tokenizer;
  private final TokenType type;
  private final int threads;
  private final long shardBytes;
  private final DataPreparation.Progress progress;
  private final ArrayDeque<Future<EncodedBlock>> pending = new ArrayDeque<>();
  private List<Document> block = new ArrayList<>();
  private int blockBytes;
  private final List<String> notes = new ArrayList<>();
  private @Nullable ShardWriter shard;
  private long skip;

  PreparationRun(
      DocumentSource source,
      Tokenizer tokenizer,
      int threads,
      long shardBytes,
      DataPreparation.Progress progress) {
    this.source = source;
    this.tokenizer = tokenizer;
    this.type = TokenType.of(tokenizer.vocabularySize());
    this.threads = threads;
    this.shardBytes = shardBytes;
    this.progress = progress;
  }

  /** Goes on from what a manifest says is done, and returns the complete one. */
  TokenManifest run(Path folder, TokenManifest before) throws IOException {
    var shards = new ArrayList<>(before.shards());
    skip = before.documents();
    ExecutorService encoders =
        Executors.newFixedThreadPool(
            threads, Thread.ofPlatform().daemon().name("tokens-", 0).factory());
    try {
      source.read(new Documents(folder, encoders, before, shards));
      submit(encoders);
      while (!pending.isEmpty()) {
        writeNext(folder, before, shards);
      }
      endShard(shards);
      if (shards.isEmpty()) {
        throw new DataException(source.description() + ": holds no document");
      }
      TokenManifest complete = manifest(before, shards, true);
      complete.write(folder);
      return complete;
    } finally {
      encoders.shutdownNow();
      if (shard != null) {
        shard.close();
      }
    }
  }

  /** Takes the documents that no earlier run wrote. */
  private final class Documents implements DocumentSource.Sink {
    private final Path folder;
    private final ExecutorService encoders;
    private final TokenManifest before;
    private final List<TokenManifest.Shard> shards;

    Documents(
        Path folder,
        ExecutorService encoders,
        TokenManifest before,
        List<TokenManifest.Shard> shards) {
      this.folder = folder;
      this.encoders = encoders;
      this.before = before;
      this.shards = shards;
    }

    @Override
    public boolean accept(Document document) throws IOException {
      if (skip > 0) {
        skip--;
        return true;
      }
      block.add(document);
      blockBytes += document.text().length;
      if (blockBytes >= BLOCK_BYTES) {
        submit(encoders);
        if (pending.size() > 2 * threads) {
          writeNext(folder, before, shards);
        }
      }
      return true;
    }

    @Override
    public void note(String line) {
      notes.add(line);
    }
  }

  private void submit(ExecutorService encoders) {
    if (!block.isEmpty()) {
      List<Document> documents = block;
      pending.add(encoders.submit(() -> EncodedBlock.encode(documents, tokenizer, type)));
      block = new ArrayList<>();
      blockBytes = 0;
    }
  }

  private void writeNext(Path folder, TokenManifest before, List<TokenManifest.Shard> shards)
      throws IOException {
    EncodedBlock encoded = await(pending.remove());
    if (shard == null) {
      shard = new ShardWriter(folder, shards.size());
    }
    shard.write(encoded);
    if (shard.bytes() >= shardBytes) {
      endShard(shards);
      manifest(before, shards, false).write(folder);
    }
    progress.report(encoded.documents(), encoded.tokenCount(), encoded.byteCount());
  }

  private void endShard(List<TokenManifest.Shard> shards) throws IOException {
    if (shard != null) {
      shards.add(shard.finish());
      shard = null;
    }
  }

  private TokenManifest manifest(
      TokenManifest before, List<TokenManifest.Shard> shards, boolean complete) {
    return new TokenManifest(
        before.version(),
        before.source(),
        before.key(),
        before.tokenizer(),
        before.tokenizerIdentity(),
        before.vocabularySize(),
        before.endOfText(),
        before.tokenType(),
        notes,
        complete,
        shards.stream().mapToLong(TokenManifest.Shard::documents).sum(),
        shards.stream().mapToLong(TokenManifest.Shard::tokens).sum(),
        shards.stream().mapToLong(TokenManifest.Shard::bytes).sum(),
        shards);
  }

  private static EncodedBlock await(Future<EncodedBlock> future) throws IOException {
    try {
      return future.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      throw new IOException("cannot encode: " + e.getCause(), e);
    }
  }
}
