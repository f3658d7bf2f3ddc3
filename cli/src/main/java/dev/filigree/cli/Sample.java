package dev.filigree.cli;

import dev.filigree.zoo.config.RunConfig;
import dev.filigree.zoo.train.checkpoint.Checkpoint;
import dev.filigree.zoo.train.checkpoint.Checkpoints;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The sample that a trained model leaves in its run directory. */
final class Sample {
  private static final int TOKENS = 400;
  private static final double TEMPERATURE = 0.7;
  private static final int LINES = 12;
  private static final int COLUMNS = 100;

  private Sample() {}

  /**
   * Writes {@code sample.txt} with the run's newest checkpoint; returns the text, none where the
   * tokenizer is not known.
   */
  static String write(Path runDirectory) throws IOException {
    Checkpoint checkpoint = Checkpoints.open(runDirectory);
    if (TextModel.tokenizer(checkpoint).isEmpty()) {
      return "";
    }
    RunConfig config = checkpoint.config().orElseThrow();
    String prompt = config.trainData().dataDirs().contains("jdk") ? "    public " : "The ";
    var text = new StringBuilder(prompt);
    new Texts(TextModel.load(checkpoint))
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
