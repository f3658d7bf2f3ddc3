package dev.filigree.zoo.eval;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * WinoGrande (Sakaguchi et al. 2019, arXiv:1907.10641): {@code dev.jsonl}, examples from {@code
 * train_xl.jsonl}. Scored by what follows the blank, given each filling: partial evaluation (Trinh
 * and Le 2018, arXiv:1806.02847).
 */
final class WinoGrande implements Task {
  @Override
  public String name() {
    return "winogrande";
  }

  @Override
  public int shots() {
    return 5;
  }

  @Override
  public String metric() {
    return MultipleChoice.ACCURACY;
  }

  @Override
  public List<Part> read(Path folder) throws IOException {
    List<Question> questions = questions(TaskFiles.one(folder, "dev.jsonl"));
    List<Question> examples = questions(TaskFiles.one(folder, "train_xl.jsonl"));
    return List.of(new Part("", "", questions, examples, Part.Draw.RANDOM));
  }

  private static List<Question> questions(Path file) throws IOException {
    var questions = new ArrayList<Question>();
    for (JsonRecord item : JsonRecord.lines(file)) {
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
      questions.add(new MultipleChoice(options, correct, solved, List.of()));
    }
    return questions;
  }
}
