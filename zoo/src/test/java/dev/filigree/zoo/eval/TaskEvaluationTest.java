package dev.filigree.zoo.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.filigree.zoo.data.ByteTokenizer;
import dev.filigree.zoo.data.DataException;
import dev.filigree.zoo.data.Tokenizer;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class TaskEvaluationTest {
  private static final Task TASK = Tasks.named("arc");

  private final List<Option> asked = new ArrayList<>();
  private final List<Long> progress = new ArrayList<>();

  /** Finds an answer likelier the more letters 'y' it has. */
  private final Likelihoods model =
      texts -> {
        asked.addAll(texts);
        return texts.stream()
            .mapToDouble(text -> text.continuation().chars().filter(c -> c == 'y').count() - 10)
            .toArray();
      };

  private final TaskEvaluation evaluation = new TaskEvaluation(model, progress::add);

  private static Question question(String prompt, int correct, String... answers) {
    return MultipleChoice.of(prompt, List.of(answers), correct);
  }

  private static TaskPart part(String name, List<Question> questions, List<Question> examples) {
    return new TaskPart(name, "", questions, examples, TaskPart.Draw.RANDOM);
  }

  @Test
  void accuracyAndItsErrorAreThoseOfAHandCalculation() {
    var questions =
        List.of(
            question("a", 0, "y", "n"), // right
            question("b", 1, "yy", "y"), // wrong: -8 against -9
            question("c", 0, "yyy", "yy"), // right: -7 against -8
            question("d", 1, "y", "yyyy")); // right: -9 against -6
    TaskResult result = evaluation.evaluate(TASK, List.of(part("", questions, List.of())), 0, 0);
    Score accuracy = result.score("acc");
    assertThat(accuracy.value()).isEqualTo(0.75);
    assertThat(accuracy.standardError()).isCloseTo(Math.sqrt(0.75 * 0.25 / 3), within(1e-12));
    // Per letter: b has -8/2 against -9/1, so 0 is best still; a -9/1 against -10/1.
    assertThat(result.score("acc_norm").value()).isEqualTo(0.75);
    assertThat(result.questions()).isEqualTo(4);
    assertThat(progress).containsExactly(4L);
  }

  @Test
  void examplesAreDrawnAsTheReferenceDraws() {
    List<Question> examples =
        IntStream.range(0, 10).mapToObj(i -> question("e" + i, 0, "y", "n")).toList();
    List<Question> questions =
        IntStream.range(0, 30).mapToObj(i -> question("q" + i, 0, "y", "n")).toList();
    evaluation.evaluate(TASK, List.of(part("", questions, examples)), 3, 1);
    // Random(42): 19 comes first of a shuffled range(30), then sample(range(10), 3) is 9, 4, 0.
    assertThat(asked.stream().map(Option::context).distinct())
        .containsExactly("e9 y\n\ne4 y\n\ne0 y\n\nq19");
  }

  @Test
  void theFirstExamplesFollowADescription() {
    var examples = List.of(question("e0", 0, "y", "n"), question("e1", 1, "y", "n"));
    var part =
        new TaskPart(
            "", "About letters.", List.of(question("q", 0, "y")), examples, TaskPart.Draw.FIRST);
    evaluation.evaluate(TASK, List.of(part), 2, 0);
    assertThat(asked).containsExactly(new Option("About letters.\n\ne0 y\n\ne1 n\n\nq", " y"));
  }

  @Test
  void subjectsCountAlike() {
    var right = question("r", 0, "y", "n");
    var wrong = question("w", 1, "y", "n");
    TaskResult result =
        evaluation.evaluate(
            TASK,
            List.of(
                part("large", List.of(right, right, right, right), List.of()),
                part("small", List.of(wrong, right), List.of())),
            0,
            0);
    assertThat(result.score("acc").value()).isEqualTo(0.75);
    // Errors 0 and sqrt(0.25 / 1) = 0.5, the mean of two.
    assertThat(result.score("acc").standardError()).isCloseTo(0.25, within(1e-12));
    assertThat(result.parts().get(1).score("acc").value()).isEqualTo(0.5);
  }

  @Test
  void tooFewExamplesAreAnError() {
    var part = part("", List.of(question("q", 0, "y")), List.of(question("e", 0, "y")));
    assertThatThrownBy(() -> evaluation.evaluate(TASK, List.of(part), 2, 0))
        .isInstanceOf(DataException.class)
        .hasMessage("arc: 2 shots wanted, there are 1 examples");
    assertThatThrownBy(
            () -> evaluation.evaluate(TASK, List.of(part("", List.of(), List.of())), 0, 0))
        .hasMessage("arc: no questions");
  }

  @Test
  void aQuestionThatTheTokenizerCannotSplitIsNamed() {
    var questions =
        List.of(
            question("first", 0, "y", "n"),
            question("What  is\nit?", 0, "y", "n", ""),
            question("third", 0, "y", "n"));
    var model = new TableModel(256, 64);
    // The space before an empty answer is the end of its text, which this tokenizer drops.
    var likelihoods =
        new ModelLikelihoods(
            model,
            new Trimming() {
              @Override
              public int[] encode(String text) {
                return super.encode(text.stripTrailing());
              }
            });
    var task = new TaskEvaluation(likelihoods, progress::add);
    assertThatThrownBy(
            () ->
                task.evaluate(TASK, List.of(part("", questions, List.of(questions.get(0)))), 1, 0))
        .isInstanceOf(DataException.class)
        .hasMessage(
            "arc: question 2 ('What is it?'), answer 3: the tokenizer trimming has no token of its"
                + " own for ' '");
  }

  @Test
  void aQuestionOnWhichTheTokenizerFailsIsNamedInItsSubject() {
    var likelihoods =
        new ModelLikelihoods(
            new TableModel(256, 64),
            new Trimming() {
              @Override
              public int[] encode(String text) {
                if (text.contains("odd")) {
                  throw new IllegalStateException("no such piece");
                }
                return super.encode(text);
              }
            });
    var parts =
        List.of(
            part("even", List.of(question("a", 0, "y", "n")), List.of()),
            part("uneven", List.of(question("b", 1, "y", "odd")), List.of()));
    assertThatThrownBy(
            () -> new TaskEvaluation(likelihoods, progress::add).evaluate(TASK, parts, 0, 0))
        .isInstanceOf(DataException.class)
        .hasMessage(
            "arc uneven: question 1 ('b'), answer 2: the tokenizer trimming cannot split it: no such"
                + " piece");
  }

  /** Bytes, under a name of its own. */
  private static class Trimming implements Tokenizer {
    private final ByteTokenizer bytes = new ByteTokenizer();

    @Override
    public String name() {
      return "trimming";
    }

    @Override
    public String identity() {
      return name();
    }

    @Override
    public int vocabularySize() {
      return bytes.vocabularySize();
    }

    @Override
    public int endOfText() {
      return bytes.endOfText();
    }

    @Override
    public int[] encode(String text) {
      return bytes.encode(text);
    }

    @Override
    public String decode(int[] tokens) {
      return bytes.decode(tokens);
    }
  }
}
