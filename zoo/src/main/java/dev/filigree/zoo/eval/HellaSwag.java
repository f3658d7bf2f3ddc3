package dev.filigree.zoo.eval;

import java.util.List;
import java.util.regex.Pattern;

/**
 * HellaSwag (Zellers et al. 2019, arXiv:1905.07830): {@code hellaswag_val.jsonl}, examples from
 * {@code hellaswag_train.jsonl}.
 */
final class HellaSwag extends PublishedTask.Lines {
  private static final Pattern BRACKETED = Pattern.compile("\\[[^\\n]*?]");

  HellaSwag() {
    super(
        "hellaswag", 10, MultipleChoice.NORMALISED, "hellaswag_val.jsonl", "hellaswag_train.jsonl");
  }

  @Override
  Question question(JsonRecord item) {
    List<String> endings = item.texts("endings").stream().map(HellaSwag::clean).toList();
    String label = item.text("label");
    if (!label.matches("\\d") || Integer.parseInt(label) >= endings.size()) {
      throw item.error("label " + label + " is none of " + endings.size() + " endings");
    }
    String context = item.text("ctx_a") + " " + PythonText.capitalize(item.text("ctx_b"));
    return MultipleChoice.of(
        clean(item.text("activity_label") + ": " + context), endings, Integer.parseInt(label));
  }

  /** Takes out the marks that the WikiHow part of the data has. */
  static String clean(String text) {
    String marked = PythonText.strip(text).replace(" [title]", ". ");
    return BRACKETED.matcher(marked).replaceAll("").replace("  ", " ");
  }
}
