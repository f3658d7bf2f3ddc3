package dev.filigree.cli;

import dev.filigree.zoo.config.RunConfig;
import dev.filigree.zoo.train.Checkpoint;
import dev.filigree.zoo.train.Checkpoints;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The sample that a trained model leaves in its run directory. */
final class Sample {
  private static final int TOKENS = 400;
  private static final double TEMPERATURE = 0.7;

  private Sample() {}

  /** Writes {@code sample.txt} with the run's newest checkpoint; returns the text. */
  static String write(Path runDirectory) throws IOException {
    Checkpoint checkpoint = Checkpoints.open(runDirectory);
    RunConfig config = checkpoint.config().orElseThrow();
    String prompt = config.trainData().dataDirs().contains("jdk") ? "    public " : "The ";
    var text = new StringBuilder(prompt);
    new Texts(TextModel.load(checkpoint))
        .generate(prompt, TOKENS, TEMPERATURE, config.seed(), text::append);
    Files.writeString(runDirectory.resolve("sample.txt"), text);
    return text.toString();
  }
}
