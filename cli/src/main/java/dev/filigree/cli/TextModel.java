package dev.filigree.cli;

import dev.filigree.nn.Allocation;
import dev.filigree.sparsity.SparseInference;
import dev.filigree.zoo.config.RunConfig;
import dev.filigree.zoo.data.Tokenizer;
import dev.filigree.zoo.data.TokenizerFiles;
import dev.filigree.zoo.data.Tokenizers;
import dev.filigree.zoo.model.LanguageModel;
import dev.filigree.zoo.train.checkpoint.Checkpoint;
import java.nio.file.Path;
import java.util.Optional;

/** A checkpoint's network and what makes tokens of text for it. */
record TextModel(LanguageModel network, Tokenizer tokenizer) {
  /** The vocabulary of networks that see bytes. */
  private static final long BYTES = 256;

  /**
   * Loads both, for passes without gradients.
   *
   * @param sparse compresses the network's sparse layers; to be open as long as it is used
   * @throws IllegalArgumentException for a network that is no language model
   */
  static TextModel load(Checkpoint checkpoint, SparseInference sparse) {
    if (!(checkpoint.loadModel(sparse) instanceof LanguageModel network)) {
      throw new IllegalArgumentException(
          checkpoint.directory() + ": its network writes no text; give one of a language model");
    }
    Tokenizer tokenizer =
        tokenizer(checkpoint)
            .orElseThrow(
                () ->
                    new UsageException(
                        checkpoint.directory()
                            + ": does not know its tokenizer; give tokenizer in train_dataloader,"
                            + " or put its tokenizer.json there"));
    return of(network, tokenizer, checkpoint.directory());
  }

  /**
   * Puts both together.
   *
   * @param directory theirs, for errors
   */
  static TextModel of(LanguageModel network, Tokenizer tokenizer, Path directory) {
    if (tokenizer.vocabularySize() > network.vocabularySize()) {
      throw new UsageException(
          "%s: its network knows %d tokens, the tokenizer %s has %d"
              .formatted(
                  directory,
                  network.vocabularySize(),
                  tokenizer.name(),
                  tokenizer.vocabularySize()));
    }
    return new TextModel(network, tokenizer);
  }

  /** The tokenizer that belongs to a checkpoint; empty where it is not known. */
  static Optional<Tokenizer> tokenizer(Checkpoint checkpoint) {
    return TokenizerFiles.in(checkpoint.directory()).or(() -> ofConfig(checkpoint));
  }

  /** The tokenizer that the data of a run are read with; empty for data that are tokens already. */
  static Optional<Tokenizer> configured(RunConfig config) {
    return Optional.ofNullable(config.trainData().tokenizer()).map(Tokenizers::of);
  }

  /** For checkpoints without files of a tokenizer. */
  private static Optional<Tokenizer> ofConfig(Checkpoint checkpoint) {
    Optional<RunConfig> config = checkpoint.config();
    if (config.isPresent()) {
      return configured(config.get());
    }
    boolean bytes =
        Allocation.shapesOnly(checkpoint.modelConfig()::allocate) instanceof LanguageModel network
            && network.vocabularySize() == BYTES;
    return bytes ? Optional.of(Tokenizers.of("bytes")) : Optional.empty();
  }
}
