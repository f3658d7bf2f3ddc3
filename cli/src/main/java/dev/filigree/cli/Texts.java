package dev.filigree.cli;

import dev.filigree.zoo.data.Tokenizer;
import dev.filigree.zoo.model.Generator;
import dev.filigree.zoo.model.LanguageModel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;

/** Writes text with a language model. */
final class Texts {
  private static final char REPLACEMENT = '\uFFFD';

  private final LanguageModel model;
  private final Tokenizer tokenizer;

  Texts(TextModel model) {
    this.model = model.network();
    tokenizer = model.tokenizer();
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
