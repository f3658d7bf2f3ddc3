package dev.filigree.cli;

import dev.filigree.zoo.config.RunConfig;
import dev.filigree.zoo.data.Tokenizer;
import dev.filigree.zoo.data.Tokenizers;
import dev.filigree.zoo.model.Generator;
import dev.filigree.zoo.model.LanguageModel;
import dev.filigree.zoo.train.Checkpoint;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/** Writes text with a checkpoint's network. */
final class Texts {
  /** The vocabulary of networks that see bytes. */
  private static final long BYTES = 256;

  private static final char REPLACEMENT = '\uFFFD';

  private final LanguageModel model;
  private final Tokenizer tokenizer;

  /**
   * Loads network and tokenizer.
   *
   * @throws IllegalArgumentException for a network that writes no text
   */
  Texts(Checkpoint checkpoint) {
    if (!(checkpoint.loadModel() instanceof LanguageModel languageModel)) {
      throw new IllegalArgumentException(
          checkpoint.directory() + ": its network writes no text; give one of a language model");
    }
    model = languageModel;
    tokenizer = tokenizer(checkpoint, model.vocabularySize());
    if (tokenizer.vocabularySize() > model.vocabularySize()) {
      throw new UsageException(
          "%s: its network knows %d tokens, the tokenizer %s has %d"
              .formatted(
                  checkpoint.directory(),
                  model.vocabularySize(),
                  tokenizer.name(),
                  tokenizer.vocabularySize()));
    }
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

  /**
   * Continues a prompt.
   *
   * @param tokens the most to write
   * @param temperature 0 for always the likeliest token
   * @param listener takes the new text piece by piece
   */
  void generate(
      String prompt, long tokens, double temperature, long seed, Consumer<String> listener) {
    int[] ids = tokenizer.encode(prompt);
    List<Long> context =
        ids.length == 0
            ? List.of((long) tokenizer.endOfText())
            : Arrays.stream(ids).asLongStream().boxed().toList();
    var written = new ArrayList<Integer>();
    var shown = new StringBuilder();
    new Generator(model, temperature, seed)
        .generate(
            context,
            tokens,
            token -> {
              written.add(Math.toIntExact(token));
              show(decoded(written), shown, listener);
            });
    String rest = tokenizer.decode(toArray(written)).substring(shown.length());
    listener.accept(rest);
  }

  /** The text without an end that later tokens may complete to other characters. */
  private String decoded(List<Integer> tokens) {
    String text = tokenizer.decode(toArray(tokens));
    int end = text.length();
    while (end > 0 && text.charAt(end - 1) == REPLACEMENT) {
      end--;
    }
    return text.substring(0, end);
  }

  private static void show(String text, StringBuilder shown, Consumer<String> listener) {
    if (text.length() > shown.length()) {
      String piece = text.substring(shown.length());
      shown.append(piece);
      listener.accept(piece);
    }
  }

  private static int[] toArray(List<Integer> tokens) {
    return tokens.stream().mapToInt(Integer::intValue).toArray();
  }
}
