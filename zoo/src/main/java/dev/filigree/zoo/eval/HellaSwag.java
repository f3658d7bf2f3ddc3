package dev.filigree.zoo.eval;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * HellaSwag (Zellers et al. 2019, arXiv:1905.07830): {@code hellaswag_val.jsonl}, examples from
 * {@code hellaswag_train.jsonl}.
 */
final class HellaSwag implements Task {
  private static final Pattern BRACKETED = Pattern.compile("\\[[^\\n]*?]");

  @Override
  public String name() {
    return "hellaswag";
  }

  @Override
  public int shots() {
    return 10;
  }

  @Override
  public String metric() {
    return MultipleChoice.NORMALISED;
  }

  @Override
  public List<Part> read(Path folder) throws IOException {
    List<Question> questions = questions(TaskFiles.one(folder, "hellaswag_val.jsonl"));
    List<Question> examples = questions(TaskFiles.one(folder, "hellaswag_train.jsonl"));
    return List.of(new Part("", "", questions, examples, Part.Draw.RANDOM));
  }

  private static List<Question> questions(Path file) throws IOException {
    var questions = new ArrayList<Question>();
    for (JsonRecord item : JsonRecord.lines(file)) {
      List<String> endings = item.texts("endings").stream().map(HellaSwag::clean).toList();
      String label = item.text("label");
      if (!label.matches("\\d") || Integer.parseInt(label) >= endings.size()) {
        throw item.error("label " + label + " is none of " + endings.size() + " endings");
      }
      String context = item.text("ctx_a") + " " + PythonText.capitalize(item.text("ctx_b"));
      questions.add(
          MultipleChoice.of(
              clean(item.text("activity_label") + ": " + context),
              endings,
              Integer.parseInt(label)));
    }
    return questions;
  }

  /** Takes out the marks that the WikiHow part of the data has. */
  static String clean(String text) {
    String marked = PythonText.strip(text).replace(" [title]", ". ");
    return BRACKETED.matcher(marked).replaceAll("").replace("  ", " ");
  }
}
