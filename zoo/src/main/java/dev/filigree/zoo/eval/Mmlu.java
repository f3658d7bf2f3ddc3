package dev.filigree.zoo.eval;

import dev.filigree.zoo.data.DataException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Massive Multitask Language Understanding (Hendrycks et al. 2021, arXiv:2009.03300): a part for
 * each {@code test/SUBJECT_test.csv}, examples from {@code dev/SUBJECT_dev.csv}.
 */
final class Mmlu extends PublishedTask {
  private static final String TEST = "_test.csv";
  private static final List<String> KEYS = List.of("A", "B", "C", "D");

  Mmlu() {
    super("mmlu", 5, MultipleChoice.ACCURACY);
  }

  @Override
  public List<TaskPart> read(Path folder) throws IOException {
    var parts = new ArrayList<TaskPart>();
    for (Path file : TaskFiles.all(folder.resolve("test"), "*" + TEST)) {
      String subject = file.getFileName().toString().replace(TEST, "");
      String description =
          "The following are multiple choice questions (with answers) about "
              + subject.replace('_', ' ')
              + ".";
      Path examples = TaskFiles.one(folder.resolve("dev"), subject + "_dev.csv");
      parts.add(
          new TaskPart(
              subject, description, questions(file), questions(examples), TaskPart.Draw.FIRST));
    }
    return parts;
  }

  private static List<Question> questions(Path file) throws IOException {
    var questions = new ArrayList<Question>();
    for (Csv.Row row : Csv.read(file)) {
      List<String> fields = row.fields();
      if (fields.size() != KEYS.size() + 2 || !KEYS.contains(fields.getLast())) {
        throw new DataException(
            row.where() + ": expected a question, four answers and A, B, C or D");
      }
      var prompt = new StringBuilder(PythonText.strip(fields.getFirst())).append('\n');
      for (int i = 0; i < KEYS.size(); i++) {
        prompt.append(KEYS.get(i)).append(". ").append(fields.get(i + 1)).append('\n');
      }
      prompt.append("Answer:");
      int correct = KEYS.indexOf(fields.getLast());
      questions.add(MultipleChoice.of(prompt.toString(), KEYS, correct).plain());
    }
    return questions;
  }
}
