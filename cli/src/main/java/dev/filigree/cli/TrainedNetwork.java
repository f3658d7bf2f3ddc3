package dev.filigree.cli;

import dev.filigree.zoo.config.RunConfig;
import dev.filigree.zoo.data.Tokenizer;
import dev.filigree.zoo.data.TokenizerFiles;
import dev.filigree.zoo.data.Tokenizers;
import dev.filigree.zoo.model.HuggingFaceFolder;
import dev.filigree.zoo.model.LanguageModel;
import dev.filigree.zoo.model.Model;
import dev.filigree.zoo.train.checkpoint.Checkpoint;
import dev.filigree.zoo.train.checkpoint.Checkpoints;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A network with what is known of it: of a checkpoint, a run, or a folder in Hugging Face's layout.
 *
 * @param directory the folder with its weights
 * @param config of the run that trained it
 * @param notes on what in the folder was not used
 */
record TrainedNetwork(
    Path directory,
    Model model,
    Optional<Tokenizer> tokenizer,
    Optional<RunConfig> config,
    List<String> notes) {
  /** The vocabulary of networks that see bytes. */
  private static final long BYTES = 256;

  static TrainedNetwork open(Path path) {
    Path folder =
        Inputs.folder(path, "a run, a checkpoint or a folder with config.json and its weights");
    if (Checkpoints.areIn(folder)) {
      Checkpoint checkpoint = Checkpoints.open(folder);
      return new TrainedNetwork(
          checkpoint.directory(),
          checkpoint.loadModel(),
          TextModel.tokenizer(checkpoint),
          checkpoint.config(),
          List.of());
    }
    var notes = new ArrayList<String>();
    Model model = HuggingFaceFolder.read(folder, notes);
    Optional<Tokenizer> tokenizer =
        TokenizerFiles.in(folder)
            .or(
                () ->
                    model instanceof LanguageModel network && network.vocabularySize() == BYTES
                        ? Optional.of(Tokenizers.of("bytes"))
                        : Optional.empty());
    return new TrainedNetwork(folder, model, tokenizer, Optional.empty(), notes);
  }

  /**
   * The network as one that reads and writes text.
   *
   * @throws UsageException for one that does not, or whose tokenizer is not known
   */
  TextModel text() {
    if (!(model instanceof LanguageModel network)) {
      throw new UsageException(directory + ": its network reads no text");
    }
    return TextModel.of(
        network,
        tokenizer.orElseThrow(
            () ->
                new UsageException(
                    directory + ": does not know its tokenizer; put its tokenizer.json there")),
        directory);
  }
}
