package example;

import dev.filigree.zoo.eval.MultipleChoice;
import dev.filigree.zoo.eval.Question;
import dev.filigree.zoo.eval.Task;
import dev.filigree.zoo.eval.TaskPart;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Asks for capitals: lines "France;Paris;Lyon;Nice" of {@code capitals.csv}, the right one first.
 */
public final class Capitals implements Task {
  @Override
  public String name() {
    return "capitals";
  }

  /** The first two lines stand before each question. */
  @Override
  public int shots() {
    return 2;
  }

  @Override
  public String metric() {
    return MultipleChoice.ACCURACY;
  }

  @Override
  public List<TaskPart> read(Path folder) throws IOException {
    var questions = new ArrayList<Question>();
    for (String line : Files.readAllLines(folder.resolve("capitals.csv"))) {
      List<String> cells = List.of(line.split(";"));
      String prompt = "The capital of " + cells.getFirst() + " is";
      questions.add(MultipleChoice.of(prompt, cells.subList(1, cells.size()), 0));
    }
    return List.of(
        new TaskPart(
            "",
            "",
            questions.subList(shots(), questions.size()),
            questions.subList(0, shots()),
            TaskPart.Draw.FIRST));
  }
}
