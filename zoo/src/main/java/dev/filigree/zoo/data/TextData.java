package dev.filigree.zoo.data;

import dev.filigree.config.CacheFolder;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** {@code TextDataProcessor}: documents, tokenized once and kept in the cache. */
final class TextData {
  private static final Logger LOG = LoggerFactory.getLogger(TextData.class);

  private TextData() {}

  static Dataset open(DataConfig config) throws IOException {
    Integer sequenceLength = config.maxSequenceLength();
    if (sequenceLength == null) {
      throw new DataException("max_sequence_length is missing: text has no length of its own");
    }
    return new TokenDataset(
        store(config),
        config.split(),
        config.validationFraction(),
        sequenceLength,
        order(config),
        config.shuffleSeed());
  }

  private static TokenDataset.Order order(DataConfig config) {
    if (config.evaluation()) {
      return TokenDataset.Order.EVALUATION;
    }
    return config.shuffle() ? TokenDataset.Order.SHUFFLED : TokenDataset.Order.SOURCE;
  }

  private static TokenStore store(DataConfig config) throws IOException {
    Path prepared = Path.of(config.dataDirs().getFirst());
    if (config.dataDirs().size() == 1 && TokenManifest.existsIn(prepared)) {
      return prepared(prepared, config.tokenizer());
    }
    var source = DocumentSources.of(config.dataDirs(), config.glob(), config.textKey());
    Path configured = config.cacheDir();
    Path cache = configured == null ? CacheFolder.standard() : configured;
    var result = new DataPreparation(source, tokenizer(config)).inCache(cache);
    result.store().notes().forEach(LOG::warn);
    if (result.prepared() > 0) {
      LOG.info(
          "tokenized {} documents in {} s, {} tokens/s",
          result.prepared(),
          String.format("%.1f", result.seconds()),
          String.format("%.0f", result.tokensPerSecond()));
    }
    return result.store();
  }

  private static Tokenizer tokenizer(DataConfig config) {
    String name = config.tokenizer();
    if (name == null) {
      throw new DataException("tokenizer is missing: what makes tokens of the text");
    }
    return Tokenizers.of(name);
  }

  private static TokenStore prepared(Path folder, @Nullable String tokenizer) throws IOException {
    TokenStore store = TokenStore.open(folder);
    store.notes().forEach(LOG::warn);
    if (tokenizer != null && !store.isMadeBy(Tokenizers.of(tokenizer))) {
      throw new DataException(store.otherTokenizer(tokenizer));
    }
    return store;
  }
}
