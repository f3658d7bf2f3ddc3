package dev.filigree.cli;

import dev.filigree.zoo.config.RunConfig;
import dev.filigree.zoo.data.Tokenizer;
import dev.filigree.zoo.data.Tokenizers;
import dev.filigree.zoo.model.LanguageModel;
import dev.filigree.zoo.train.Checkpoint;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** A checkpoint's network and what makes tokens of text for it. */
record TextModel(LanguageModel network, Tokenizer tokenizer) {
  /** The vocabulary of networks that see bytes. */
  private static final long BYTES = 256;

  /**
   * Loads both.
   *
   * @throws IllegalArgumentException for a network that is no language model
   */
  static TextModel load(Checkpoint checkpoint) {
    if (!(checkpoint.loadModel() instanceof LanguageModel network)) {
      throw new IllegalArgumentException(
          checkpoint.directory() + ": its network writes no text; give one of a language model");
    }
    Tokenizer tokenizer = tokenizer(checkpoint, network.vocabularySize());
    if (tokenizer.vocabularySize() > network.vocabularySize()) {
      throw new UsageException(
          "%s: its network knows %d tokens, the tokenizer %s has %d"
              .formatted(
                  checkpoint.directory(),
                  network.vocabularySize(),
                  tokenizer.name(),
                  tokenizer.vocabularySize()));
    }
    return new TextModel(network, tokenizer);
  }

  private static Tokenizer tokenizer(Checkpoint checkpoint, long vocabularySize) {
    Path file = checkpoint.directory().resolve("tokenizer.json");
    Optional<RunConfig> config = checkpoint.config();
    if (config.isPresent()) {
      return Tokenizers.of(config.get().trainData().tokenizer());
    }
    if (Files.exists(file)) {
      return Tokenizers.of(file.toString());
    }
    if (vocabularySize == BYTES) {
      return Tokenizers.of("bytes");
    }
    throw new UsageException(
        checkpoint.directory() + ": has no tokenizer; put its tokenizer.json there");
  }
}
