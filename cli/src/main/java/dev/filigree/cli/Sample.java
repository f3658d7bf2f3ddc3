package dev.filigree.cli;

import dev.filigree.zoo.config.RunConfig;
import dev.filigree.zoo.data.Tokenizer;
import dev.filigree.zoo.data.TokenizerFiles;
import dev.filigree.zoo.model.LanguageModel;
import dev.filigree.zoo.train.Trainer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** The sample that a trained model leaves in its run directory. */
final class Sample {
  private static final int TOKENS = 400;
  private static final double TEMPERATURE = 0.7;
  private static final int LINES = 12;
  private static final int COLUMNS = 100;

  private Sample() {}

  /**
   * Writes {@code sample.txt} with a run's network as it is in memory, on its own device: a large
   * one would take minutes to read again. Returns the text, none where the tokenizer is not known.
   *
   * @param checkpoint the newest of the run, which may have a tokenizer's files
   */
  static String write(Trainer trainer, Path checkpoint) throws IOException {
    Path runDirectory = trainer.directory();
    Optional<Tokenizer> tokenizer =
        TokenizerFiles.in(checkpoint).or(() -> TextModel.configured(trainer.config()));
    Optional<LanguageModel> network = trainer.languageModel();
    if (tokenizer.isEmpty() || network.isEmpty()) {
      return "";
    }
    RunConfig config = trainer.config();
    String prompt = config.trainData().dataDirs().contains("jdk") ? "    public " : "The ";
    var text = new StringBuilder(prompt);
    new Texts(TextModel.of(network.get(), tokenizer.get(), runDirectory))
        .generate(prompt, TOKENS, TEMPERATURE, config.seed(), text::append);
    Files.writeString(runDirectory.resolve("sample.txt"), text);
    return text.toString();
  }

  /**
   * The beginning of a sample as a terminal shows it: no blank lines at its end, no long ones,
   * nothing that steers the terminal.
   */
  static List<String> lines(String sample) {
    List<String> lines =
        sample
            .lines()
            .limit(LINES)
            .map(Terminal::printable)
            .map(line -> line.substring(0, Math.min(line.length(), COLUMNS)).stripTrailing())
            .toList();
    int end = lines.size();
    while (end > 0 && lines.get(end - 1).isEmpty()) {
      end--;
    }
    return lines.subList(0, end);
  }
}
