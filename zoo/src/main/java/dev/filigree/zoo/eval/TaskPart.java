package dev.filigree.zoo.eval;

import java.util.List;

/**
 * Questions that are averaged together: a whole task, or one subject of it.
 *
 * @param name of the subject; empty where the task has only one part
 * @param description what stands at the top of every prompt; empty for nothing
 * @param questions to be scored
 * @param examples what the few-shot examples are taken from
 * @param draw how they are taken
 */
public record TaskPart(
    String name, String description, List<Question> questions, List<Question> examples, Draw draw) {
  /** The lists are copied. */
  public TaskPart {
    questions = List.copyOf(questions);
    examples = List.copyOf(examples);
  }

  /** How few-shot examples are taken. */
  public enum Draw {
    /** The first ones, the same for every question. */
    FIRST,
    /** Drawn for every question. */
    RANDOM
  }
}
