package dev.filigree.zoo.eval;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * How well a model does on a task.
 *
 * @param task its name
 * @param shots examples before each question
 * @param metric the one that the Open LLM Leaderboard shows
 * @param parts its subjects; one without a name for a task that has none
 */
public record TaskResult(String task, int shots, String metric, List<PartResult> parts) {
  /** The list is copied. */
  public TaskResult {
    parts = List.copyOf(parts);
  }

  /**
   * One part.
   *
   * @param questions how many were scored
   * @param scores by metric
   */
  public record PartResult(String name, long questions, Map<String, Score> scores) {
    /** The scores are copied. */
    public PartResult {
      scores = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(scores));
    }

    /** The score by a metric that the task has. */
    public Score score(String metric) {
      return TaskResult.score(scores, metric);
    }
  }

  /** Questions scored in all parts. */
  public long questions() {
    return parts.stream().mapToLong(PartResult::questions).sum();
  }

  /** By metric, the mean over the parts; each counts alike, as on the Open LLM Leaderboard. */
  public Map<String, Score> scores() {
    var scores = new LinkedHashMap<String, Score>();
    for (String name : parts.getFirst().scores().keySet()) {
      List<Score> each = parts.stream().map(part -> part.score(name)).toList();
      scores.put(name, each.size() == 1 ? each.getFirst() : Score.mean(each));
    }
    return scores;
  }

  /** The score by a metric that the task has. */
  public Score score(String metric) {
    return score(scores(), metric);
  }

  private static Score score(Map<String, Score> scores, String metric) {
    Score score = scores.get(metric);
    if (score == null) {
      throw new IllegalArgumentException("no metric " + metric + "; there are " + scores.keySet());
    }
    return score;
  }
}
