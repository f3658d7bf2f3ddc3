package dev.filigree.zoo.eval;

import java.util.List;

/**
 * WinoGrande (Sakaguchi et al. 2019, arXiv:1907.10641): {@code dev.jsonl}, examples from {@code
 * train_xl.jsonl}. Scored by what follows the blank, given each filling: partial evaluation (Trinh
 * and Le 2018, arXiv:1806.02847).
 */
final class WinoGrande extends PublishedTask.Lines {
  WinoGrande() {
    super("winogrande", 5, MultipleChoice.ACCURACY, "dev.jsonl", "train_xl.jsonl");
  }

  @Override
  Question question(JsonRecord item) {
    String sentence = item.text("sentence");
    int blank = sentence.indexOf('_');
    int correct = List.of("1", "2").indexOf(item.text("answer"));
    if (blank < 0 || correct < 0) {
      throw item.error("expected a sentence with _ and the answer 1 or 2");
    }
    String rest = " " + PythonText.strip(sentence.substring(blank + 1));
    List<Option> options =
        List.of(
            new Option(sentence.substring(0, blank) + item.text("option1"), rest),
            new Option(sentence.substring(0, blank) + item.text("option2"), rest));
    String solved = options.get(correct).context() + rest;
    return new MultipleChoice(options, correct, solved, List.of());
  }
}
