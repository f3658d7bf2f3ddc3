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
   * @return how many tokens were written
   */
  long generate(
      String prompt, long tokens, double temperature, long seed, Consumer<String> listener) {
    int[] ids = tokenizer.encode(prompt);
    List<Long> context =
        ids.length == 0
            ? List.of((long) tokenizer.endOfText())
            : Arrays.stream(ids).asLongStream().boxed().toList();
    var shown = new Shown(ids, listener);
    List<Long> written =
        new Generator(model, temperature, seed)
            .endingAt(tokenizer.endTokens())
            .generate(context, tokens, token -> shown.add(Math.toIntExact(token)));
    shown.end();
    return written.size();
  }

  /**
   * The new text as far as it is shown: prompt and continuation are decoded as one, so that they
   * are joined as the tokenizer joins its tokens.
   */
  private final class Shown {
    private final List<Integer> tokens = new ArrayList<>();
    private final Consumer<String> listener;
    private String text;

    Shown(int[] prompt, Consumer<String> listener) {
      Arrays.stream(prompt).forEach(tokens::add);
      this.listener = listener;
      text = decoded();
    }

    /** Shows what a token adds, but for an end that later tokens may complete or change. */
    void add(int token) {
      tokens.add(token);
      String now = decoded();
      int end = now.length();
      while (end > 0 && now.charAt(end - 1) == REPLACEMENT) {
        end--;
      }
      if (now.startsWith(text)) {
        show(now, end);
      }
    }

    void end() {
      String now = decoded();
      int same = 0;
      while (same < Math.min(now.length(), text.length())
          && now.charAt(same) == text.charAt(same)) {
        same++;
      }
      text = text.substring(0, same);
      show(now, now.length());
    }

    private void show(String now, int end) {
      if (end > text.length()) {
        listener.accept(now.substring(text.length(), end));
        text = now.substring(0, end);
      }
    }

    private String decoded() {
      return tokenizer.decode(tokens.stream().mapToInt(Integer::intValue).toArray());
    }
  }
}
