package dev.filigree.zoo.eval;

import java.util.List;
import java.util.Map;

/** A question of a task: options whose likelihoods say how well a model answers it. */
public interface Question {
  /** What is scored, without few-shot examples before it; at least one. */
  List<Option> options();

  /** The question with its right answer, as a few-shot prompt shows it; needed by examples only. */
  default String solved() {
    throw new UnsupportedOperationException(getClass().getSimpleName() + " is no example");
  }

  /**
   * The metrics of this question, each in [0, 1], by name.
   *
   * @param logLikelihoods of the options, in their order, in nats
   */
  Map<String, Double> score(double[] logLikelihoods);
}
