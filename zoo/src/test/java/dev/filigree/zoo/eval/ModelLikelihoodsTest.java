package dev.filigree.zoo.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.filigree.zoo.data.ByteTokenizer;
import dev.filigree.zoo.data.Tokenizer;
import java.util.List;
import org.junit.jupiter.api.Test;

class ModelLikelihoodsTest {
  private static final double HALF = Math.log(0.5);

  /** Any byte of 256, all alike. */
  private static final double ANY = -Math.log(256);

  /** A byte that is not the preferred one: half of the probability over 255. */
  private static final double OTHER = Math.log(0.5 / 255);

  private final TableModel model = new TableModel(256, 16).prefer('a', 'b').prefer(' ', 'x');
  private final ModelLikelihoods likelihoods = new ModelLikelihoods(model, new ByteTokenizer());

  private double of(String context, String continuation) {
    return likelihoods.of(List.of(new Option(context, continuation)))[0];
  }

  @Test
  void itIsTheSumOverTheContinuationsTokens() {
    assertThat(of("q", "xyz")).isCloseTo(3 * ANY, within(1e-5));
    assertThat(of("qa", "b")).isCloseTo(HALF, within(1e-5));
    assertThat(of("qa", "c")).isCloseTo(OTHER, within(1e-5));
    assertThat(of("q", "abc")).isCloseTo(ANY + HALF + ANY, within(1e-5));
  }

  @Test
  void spacesAtTheEndOfTheContextCountToTheContinuation() {
    assertThat(of("q ", "x")).isCloseTo(ANY + HALF, within(1e-5));
    assertThat(of("q", " x")).isEqualTo(of("q ", "x"));
  }

  @Test
  void withoutAContextTheEndOfAnotherTextStandsBefore() {
    model.prefer(255, 'h');
    assertThat(of("", "h")).isCloseTo(HALF, within(1e-5));
    // After the end of a text a space is not the preferred token; after a space 'x' is.
    assertThat(of(" ", "h")).isCloseTo(2 * OTHER, within(1e-5));
  }

  @Test
  void whatIsTooLongLosesItsBeginning() {
    assertThat(of("0123456789abcdefgh", "ij")).isCloseTo(2 * ANY, within(1e-5));
    assertThat(likelihoods.truncated()).isEqualTo(1);
    assertThat(model.seen.getLast()).hasSize(16).startsWith((long) '3').endsWith((long) 'i');
    assertThat(of("abcdefghijklmno", "pq")).isCloseTo(2 * ANY, within(1e-5));
    assertThat(likelihoods.truncated()).isEqualTo(1);
  }

  @Test
  void anAnswerLongerThanTheContextIsAnError() {
    assertThatThrownBy(() -> of("a", "b".repeat(17)))
        .hasMessage("an answer of 17 tokens; the network sees 16");
    assertThatThrownBy(() -> of("a", "")).hasMessageContaining("has no token of its own");
  }

  @Test
  void aBatchGivesWhatEachGivesAlone() {
    var texts =
        List.of(new Option("q", "abcab"), new Option("hello a", "b"), new Option("a", "bab"));
    double[] together = likelihoods.of(texts);
    for (int i = 0; i < texts.size(); i++) {
      assertThat(together[i])
          .isCloseTo(of(texts.get(i).context(), texts.get(i).continuation()), within(1e-9));
    }
  }

  @Test
  void answersOfOneTokenShareAPass() {
    var texts = List.of(new Option("qa", "b"), new Option("qa", "c"), new Option("qa", "d"));
    assertThat(likelihoods.of(texts)[0]).isCloseTo(HALF, within(1e-5));
    assertThat(model.seen).containsExactly(List.of((long) 'q', (long) 'a'));
  }

  @Test
  void tokensOfTheWholeTextAfterAsManyAsTheContextHasAreScored() {
    // "a" is one token, "abc" two, "ab" and "c": what is scored is "c" after "ab".
    var merging = new TableModel(4, 8).prefer(3, 2);
    var scored = new ModelLikelihoods(merging, new Merging());
    assertThat(scored.of(List.of(new Option("a", "bc")))[0]).isCloseTo(HALF, within(1e-5));
    assertThat(merging.seen).containsExactly(List.of(3L));
  }

  /** "a" 0, "b" 1, "c" 2, "ab" 3. */
  private static final class Merging implements Tokenizer {
    @Override
    public String name() {
      return "merging";
    }

    @Override
    public String identity() {
      return name();
    }

    @Override
    public int vocabularySize() {
      return 4;
    }

    @Override
    public int endOfText() {
      return 0;
    }

    @Override
    public int[] encode(String text) {
      return text.replace("ab", "d").chars().map(c -> c - 'a').toArray();
    }

    @Override
    public String decode(int[] tokens) {
      throw new UnsupportedOperationException();
    }
  }
}
