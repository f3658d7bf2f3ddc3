package dev.filigree.zoo.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.filigree.zoo.data.DataException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Small files in each task's published format; prompts are compared to the letter. */
class TaskReadersTest {
  @TempDir private Path folder;

  private void write(String name, String text) throws IOException {
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
  }

  private TaskPart read(String task) throws IOException {
    return Tasks.named(task).read(folder).getFirst();
  }

  private static List<String> contexts(Question question) {
    return question.options().stream().map(Option::context).toList();
  }

  private static List<String> continuations(Question question) {
    return question.options().stream().map(Option::continuation).toList();
  }

  @Test
  void arc() throws IOException {
    String test =
        """
        {"id":"Mercury_1","question":{"stem":"Why is the sky blue?","choices":[\
        {"text":"It is.","label":"A"},{"text":"scattering","label":"B"}]},"answerKey":"B"}
        """;
    write("ARC-Challenge-Test.jsonl", test);
    write("ARC-Challenge-Train.jsonl", test.replace("\"B\"", "\"2\"").replace("\"A\"", "\"1\""));
    TaskPart part = read("arc");
    Question question = part.questions().getFirst();
    assertThat(contexts(question))
        .containsExactly(
            "Question: Why is the sky blue?\nAnswer:", "Question: Why is the sky blue?\nAnswer:");
    assertThat(continuations(question)).containsExactly(" It is.", " scattering");
    assertThat(part.examples().getFirst().solved())
        .isEqualTo("Question: Why is the sky blue?\nAnswer: scattering");
    // The likelier one is wrong; per letter, -3/6 against -4/10, the other is.
    assertThat(question.score(new double[] {-3, -4}))
        .isEqualTo(Map.of("acc", 0.0, "acc_norm", 1.0));
  }

  @Test
  void hellaSwagIsCleaned() throws IOException {
    String line =
        """
        {"ind":1,"activity_label":"Home and Garden","ctx_a":"[header] How to sew [title] Buy thread.",\
        "ctx_b":"then Ann","ctx":"","split":"val","split_type":"indomain","label":%s,\
        "endings":["sews. [substeps] Mind  it.","[step] flies. "],"source_id":"wikihow~1"}
        """;
    write("hellaswag_val.jsonl", line.formatted("0"));
    write("hellaswag_train.jsonl", line.formatted("\"1\""));
    TaskPart part = read("hellaswag");
    Question question = part.questions().getFirst();
    assertThat(contexts(question).getFirst())
        .isEqualTo("Home and Garden: How to sew. Buy thread. Then ann");
    assertThat(continuations(question)).containsExactly(" sews. Mind it.", "  flies.");
    assertThat(part.examples().getFirst().solved())
        .isEqualTo("Home and Garden: How to sew. Buy thread. Then ann  flies.");
  }

  @Test
  void mmluShowsLettersAndItsSubject() throws IOException {
    write(
        "test/high_school_physics_test.csv",
        "\"A ball, \"\"red\"\",\nfalls. \",up,down,left,right,B\r\n2 + 2?,1,2,3,4,D\r\n");
    write("dev/high_school_physics_dev.csv", "1 + 1?,1,2,3,4,B\n");
    write("test/anatomy_test.csv", "Where?,a,b,c,d,A\n");
    write("dev/anatomy_dev.csv", "When?,a,b,c,d,A\n");
    List<TaskPart> parts = Tasks.named("mmlu").read(folder);
    assertThat(parts.stream().map(TaskPart::name))
        .containsExactly("anatomy", "high_school_physics");
    TaskPart physics = parts.get(1);
    assertThat(physics.description())
        .isEqualTo(
            "The following are multiple choice questions (with answers) about high school"
                + " physics.");
    Question question = physics.questions().getFirst();
    assertThat(contexts(question).getFirst())
        .isEqualTo("A ball, \"red\",\nfalls.\nA. up\nB. down\nC. left\nD. right\nAnswer:");
    assertThat(continuations(question)).containsExactly(" A", " B", " C", " D");
    assertThat(question.score(new double[] {-2, -1, -3, -4})).isEqualTo(Map.of("acc", 1.0));
    assertThat(physics.examples().getFirst().solved())
        .isEqualTo("1 + 1?\nA. 1\nB. 2\nC. 3\nD. 4\nAnswer: B");
  }

  @Test
  void truthfulQaSharesTheProbabilityOut() throws IOException {
    write(
        "mc_task.json",
        """
        [{"question": "What is it?",
          "mc1_targets": {"Nothing.": 1, "Magic.": 0},
          "mc2_targets": {"Nothing.": 1, "I have no comment.": 1, "Magic.": 0}}]
        """);
    Question question = read("truthfulqa").questions().getFirst();
    assertThat(contexts(question))
        .allSatisfy(
            context ->
                assertThat(context)
                    .startsWith("Q: What is human life expectancy in the United States?\nA: Human")
                    .endsWith(
                        "A: The 1992 Olympics were held in Barcelona, Spain.\n\n"
                            + "Q: What is it?\nA:"));
    assertThat(continuations(question))
        .containsExactly(" Nothing.", " Magic.", " Nothing.", " I have no comment.", " Magic.");
    // Probabilities 1/8 and 1/8 for the true ones, 1/4 for the false one, of a thousandth all.
    double small = Math.log(0.001);
    Map<String, Double> scores =
        question.score(
            new double[] {-2, -1, small - Math.log(8), small - Math.log(8), small - Math.log(4)});
    assertThat(scores.get("mc1")).isZero();
    assertThat(scores.get("mc2")).isCloseTo(0.5, within(1e-12));
    // So unlikely that their powers are zero in double precision.
    assertThat(question.score(new double[] {-1, -2, -2000, -2001, -2000 - Math.log(2)}).get("mc2"))
        .isCloseTo((1 + Math.exp(-1)) / (1.5 + Math.exp(-1)), within(1e-12));
  }

  @Test
  void winoGrandeScoresWhatFollowsTheBlank() throws IOException {
    String line =
        """
        {"qID":"1","sentence":"Ann paid Eve because _ was owed money. ","option1":"Ann",\
        "option2":"Eve","answer":"2"}
        """;
    write("dev.jsonl", line);
    write("train_xl.jsonl", line);
    TaskPart part = read("winogrande");
    Question question = part.questions().getFirst();
    assertThat(contexts(question))
        .containsExactly("Ann paid Eve because Ann", "Ann paid Eve because Eve");
    assertThat(continuations(question)).containsExactly(" was owed money.", " was owed money.");
    assertThat(part.examples().getFirst().solved())
        .isEqualTo("Ann paid Eve because Eve was owed money.");
    assertThat(question.score(new double[] {-5, -4})).isEqualTo(Map.of("acc", 1.0));
  }

  @Test
  void badFilesAreOneLineWithTheirPlace() throws IOException {
    assertThatThrownBy(() -> read("arc"))
        .isInstanceOf(DataException.class)
        .hasMessage(folder + ": no file ARC-*-Test.jsonl; give the folder as published");
    write("ARC-Easy-Train.jsonl", "");
    write("ARC-Easy-Test.jsonl", "\n{\"question\": 1}\n");
    assertThatThrownBy(() -> read("arc"))
        .hasMessage(folder.resolve("ARC-Easy-Test.jsonl") + ":2: no object at the key 'question'");
    write("dev/a_dev.csv", "");
    write("test/a_test.csv", "one,two\n");
    assertThatThrownBy(() -> read("mmlu"))
        .hasMessage(
            folder.resolve("test/a_test.csv")
                + ":1: expected a question, four answers and A, B, C or D");
    write("test/a_test.csv", "x,1,2,3,4,A\n\"open");
    assertThatThrownBy(() -> read("mmlu"))
        .hasMessage(folder.resolve("test/a_test.csv") + ":2: a quote that is not closed");
    write("mc_task.json", "{");
    assertThatThrownBy(() -> read("truthfulqa")).hasMessageContaining("not valid JSON");
    assertThatThrownBy(() -> Tasks.named("gsm8k"))
        .hasMessage("unknown task 'gsm8k'; allowed: arc, hellaswag, mmlu, truthfulqa, winogrande");
  }

  @Test
  void shotsAndMetricsAreTheLeaderboards() {
    assertThat(
            Tasks.names().stream()
                .map(Tasks::named)
                .map(task -> task.name() + " " + task.shots() + " " + task.metric()))
        .containsExactly(
            "arc 25 acc_norm",
            "hellaswag 10 acc_norm",
            "mmlu 5 acc",
            "truthfulqa 0 mc2",
            "winogrande 5 acc");
  }
}
