package dev.filigree.zoo.eval;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * AI2 Reasoning Challenge (Clark et al. 2018, arXiv:1803.05457): {@code ARC-Challenge-Test.jsonl},
 * examples from {@code ARC-Challenge-Train.jsonl}; or those of ARC-Easy.
 */
final class Arc implements Task {
  @Override
  public String name() {
    return "arc";
  }

  @Override
  public int shots() {
    return 25;
  }

  @Override
  public String metric() {
    return MultipleChoice.NORMALISED;
  }

  @Override
  public List<Part> read(Path folder) throws IOException {
    List<Question> questions = questions(TaskFiles.one(folder, "ARC-*-Test.jsonl"));
    List<Question> examples = questions(TaskFiles.one(folder, "ARC-*-Train.jsonl"));
    return List.of(new Part("", "", questions, examples, Part.Draw.RANDOM));
  }

  private static List<Question> questions(Path file) throws IOException {
    var questions = new ArrayList<Question>();
    for (JsonRecord item : JsonRecord.lines(file)) {
      JsonRecord question = item.object("question");
      List<JsonRecord> choices = question.list("choices");
      List<String> labels = choices.stream().map(choice -> choice.text("label")).toList();
      int correct = labels.indexOf(item.text("answerKey"));
      if (correct < 0) {
        throw item.error("answerKey " + item.text("answerKey") + " is none of " + labels);
      }
      questions.add(
          MultipleChoice.of(
              "Question: " + question.text("stem") + "\nAnswer:",
              choices.stream().map(choice -> choice.text("text")).toList(),
              correct));
    }
    return questions;
  }
}
