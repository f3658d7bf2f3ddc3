package dev.filigree.cli;

import dev.filigree.zoo.eval.ModelLikelihoods;
import dev.filigree.zoo.eval.Score;
import dev.filigree.zoo.eval.Task;
import dev.filigree.zoo.eval.TaskEvaluation;
import dev.filigree.zoo.eval.TaskResult;
import dev.filigree.zoo.eval.Tasks;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A network's scores on a multiple-choice task. */
final class TaskScores {
  private static final long NANOS_BETWEEN_LINES = 10_000_000_000L;

  private TaskScores() {}

  static Task named(String name) {
    try {
      return Tasks.named(name);
    } catch (IllegalArgumentException e) {
      throw new UsageException("--task: " + e.getMessage());
    }
  }

  /**
   * The figures by the task's name.
   *
   * @param shots null for the Open LLM Leaderboard's
   * @param limit the most questions of each part; 0 for all
   * @param err takes a line now and then on how far it is
   */
  static Map<String, Object> of(
      TextModel model, Task task, Path folder, @Nullable Integer shots, long limit, PrintWriter err)
      throws IOException {
    var likelihoods = new ModelLikelihoods(model.network(), model.tokenizer());
    var lines = new Lines(err);
    TaskResult result =
        new TaskEvaluation(likelihoods, lines::answered)
            .evaluate(task, task.read(folder), shots == null ? task.shots() : shots, limit);
    var figures = new LinkedHashMap<String, Object>();
    figures.put("shots", result.shots());
    figures.put("questions", result.questions());
    figures.putAll(figures(result.scores()));
    figures.put("leaderboard_metric", result.metric());
    if (likelihoods.truncated() > 0) {
      figures.put("texts_cut_to_the_context", likelihoods.truncated());
    }
    if (result.parts().size() > 1) {
      var subjects = new LinkedHashMap<String, Object>();
      result.parts().forEach(part -> subjects.put(part.name(), figures(part.scores())));
      figures.put("subjects", subjects);
    }
    return Map.of(task.name(), figures);
  }

  private static Map<String, @Nullable Object> figures(Map<String, Score> scores) {
    var figures = new LinkedHashMap<String, @Nullable Object>();
    scores.forEach(
        (name, score) -> {
          figures.put(name, score.value());
          double error = score.standardError();
          figures.put(name + "_stderr", Double.isFinite(error) ? error : null);
        });
    return figures;
  }

  /** A line for people every ten seconds. */
  private static final class Lines {
    private final PrintWriter err;
    private long written = System.nanoTime();

    Lines(PrintWriter err) {
      this.err = err;
    }

    void answered(long questions) {
      if (System.nanoTime() - written >= NANOS_BETWEEN_LINES) {
        written = System.nanoTime();
        err.println(questions + " questions answered");
        err.flush();
      }
    }
  }
}
