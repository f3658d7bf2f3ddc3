package dev.filigree.zoo.eval;

import dev.filigree.zoo.data.DataException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongConsumer;

/**
 * Asks a model the questions of a task. Order of the questions and draw of the examples are those
 * of the Language Model Evaluation Harness that the Open LLM Leaderboard used: Python's generator
 * with seed 42.
 */
public final class TaskEvaluation {
  private static final int SEED = 42;

  /** Questions whose texts are in memory at a time. */
  private static final int CHUNK = 64;

  /** Characters of a question that a message shows. */
  private static final int SHOWN = 60;

  private static final String SEPARATOR = "\n\n";

  private final Likelihoods model;
  private final LongConsumer progress;
  private long answered;

  /**
   * @param progress is told how many questions were answered, as it goes on
   */
  public TaskEvaluation(Likelihoods model, LongConsumer progress) {
    this.model = model;
    this.progress = progress;
  }

  /**
   * Asks the questions of all parts.
   *
   * @param shots examples before each question
   * @param limit the most questions of each part; 0 for all
   * @throws DataException when a part has too few examples or no questions, and for a question that
   *     the model cannot score
   */
  public TaskResult evaluate(Task task, List<TaskPart> parts, int shots, long limit) {
    if (shots < 0 || limit < 0) {
      throw new IllegalArgumentException("shots and limit must be 0 or more");
    }
    answered = 0;
    var results = new ArrayList<TaskResult.PartResult>();
    for (TaskPart part : parts) {
      results.add(evaluate(task, part, shots, limit));
    }
    return new TaskResult(task.name(), shots, task.metric(), results);
  }

  private TaskResult.PartResult evaluate(Task task, TaskPart part, int shots, long limit) {
    String name = part.name().isEmpty() ? task.name() : task.name() + " " + part.name();
    if (shots > part.examples().size()) {
      throw new DataException(
          "%s: %d shots wanted, there are %d examples"
              .formatted(name, shots, part.examples().size()));
    }
    if (part.questions().isEmpty()) {
      throw new DataException(name + ": no questions");
    }
    var random = new PythonRandom(SEED);
    var questions = new ArrayList<>(part.questions());
    random.shuffle(questions);
    List<Question> scored =
        limit == 0 ? questions : questions.subList(0, (int) Math.min(limit, questions.size()));
    var values = new LinkedHashMap<String, List<Double>>();
    for (int first = 0; first < scored.size(); first += CHUNK) {
      List<Question> chunk = scored.subList(first, Math.min(first + CHUNK, scored.size()));
      ask(name, chunk, part, shots, random, values);
      answered += chunk.size();
      progress.accept(answered);
    }
    var scores = new LinkedHashMap<String, Score>();
    values.forEach((metric, each) -> scores.put(metric, Score.of(each)));
    return new TaskResult.PartResult(part.name(), scored.size(), scores);
  }

  private void ask(
      String name,
      List<Question> questions,
      TaskPart part,
      int shots,
      PythonRandom random,
      Map<String, List<Double>> values) {
    var texts = new ArrayList<Option>();
    for (Question question : questions) {
      String before = before(part, shots, random);
      for (Option option : question.options()) {
        texts.add(new Option(before + option.context(), option.continuation()));
      }
    }
    double[] logLikelihoods = scores(name, questions, part, texts);
    int next = 0;
    for (Question question : questions) {
      int end = next + question.options().size();
      question
          .score(java.util.Arrays.copyOfRange(logLikelihoods, next, end))
          .forEach(
              (metric, value) ->
                  values.computeIfAbsent(metric, key -> new ArrayList<>()).add(value));
      next = end;
    }
  }

  private double[] scores(
      String name, List<Question> questions, TaskPart part, List<Option> texts) {
    try {
      return model.of(texts);
    } catch (UnscorableException e) {
      int option = e.index();
      int number = 0;
      while (option >= questions.get(number).options().size()) {
        option -= questions.get(number++).options().size();
      }
      Question question = questions.get(number);
      String begin = question.options().get(option).context().strip();
      throw new DataException(
          "%s: question %d ('%s'), answer %d: %s"
              .formatted(
                  name,
                  part.questions().indexOf(question) + 1,
                  begin.substring(0, Math.min(begin.length(), SHOWN)).replaceAll("\\s+", " "),
                  option + 1,
                  e.getMessage()),
          e);
    }
  }

  /** What stands before a question: the description and the examples. */
  private static String before(TaskPart part, int shots, PythonRandom random) {
    var text = new StringBuilder();
    if (!part.description().isEmpty()) {
      text.append(part.description()).append(SEPARATOR);
    }
    List<Question> examples =
        switch (part.draw()) {
          case FIRST -> part.examples().subList(0, shots);
          case RANDOM -> random.sample(part.examples(), shots);
        };
    examples.forEach(example -> text.append(example.solved()).append(SEPARATOR));
    return text.toString();
  }
}
