package dev.filigree.zoo.eval;

import java.util.List;

/**
 * AI2 Reasoning Challenge (Clark et al. 2018, arXiv:1803.05457): {@code ARC-Challenge-Test.jsonl},
 * examples from {@code ARC-Challenge-Train.jsonl}; or those of ARC-Easy.
 */
final class Arc extends PublishedTask.Lines {
  Arc() {
    super("arc", 25, MultipleChoice.NORMALISED, "ARC-*-Test.jsonl", "ARC-*-Train.jsonl");
  }

  @Override
  Question question(JsonRecord item) {
    JsonRecord question = item.object("question");
    List<JsonRecord> choices = question.list("choices");
    List<String> labels = choices.stream().map(choice -> choice.text("label")).toList();
    int correct = labels.indexOf(item.text("answerKey"));
    if (correct < 0) {
      throw item.error("answerKey " + item.text("answerKey") + " is none of " + labels);
    }
    return MultipleChoice.of(
        "Question: " + question.text("stem") + "\nAnswer:",
        choices.stream().map(choice -> choice.text("text")).toList(),
        correct);
  }
}
