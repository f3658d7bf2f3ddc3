package dev.filigree.zoo.eval;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A question with one right option.
 *
 * @param correct index of the right option
 * @param solved see {@link Question#solved}
 * @param lengths what the normalised accuracy divides each log-likelihood by; empty for a task
 *     without one
 */
public record MultipleChoice(
    List<Option> options, int correct, String solved, List<Integer> lengths) implements Question {
  /** The metric: the fraction whose likeliest answer is the right one. */
  public static final String ACCURACY = "acc";

  /** The metric: the same of log-likelihoods divided by the lengths of the answers. */
  public static final String NORMALISED = "acc_norm";

  /**
   * @throws IllegalArgumentException for an answer that is no option
   */
  public MultipleChoice {
    options = List.copyOf(options);
    lengths = List.copyOf(lengths);
    if (correct < 0 || correct >= options.size()) {
      throw new IllegalArgumentException(
          "the right answer is option %d of %d".formatted(correct + 1, options.size()));
    }
  }

  /** A prompt and its answers, each after a space; lengths are those of the answers. */
  public static MultipleChoice of(String prompt, List<String> answers, int correct) {
    List<Option> options =
        answers.stream().map(answer -> new Option(prompt, " " + answer)).toList();
    List<Integer> lengths = answers.stream().map(PythonText::length).toList();
    String solved = prompt + options.get(correct).continuation();
    return new MultipleChoice(options, correct, solved, lengths);
  }

  /** The same without normalised accuracy. */
  public MultipleChoice plain() {
    return new MultipleChoice(options, correct, solved, List.of());
  }

  @Override
  public Map<String, Double> score(double[] logLikelihoods) {
    var metrics = new LinkedHashMap<String, Double>();
    metrics.put(ACCURACY, rightness(logLikelihoods));
    if (!lengths.isEmpty()) {
      double[] normalised = logLikelihoods.clone();
      for (int i = 0; i < normalised.length; i++) {
        normalised[i] /= lengths.get(i);
      }
      metrics.put(NORMALISED, rightness(normalised));
    }
    return metrics;
  }

  private double rightness(double[] scores) {
    return best(scores) == correct ? 1 : 0;
  }

  /** The index of the largest; of equals the first. */
  static int best(double[] scores) {
    int best = 0;
    for (int i = 1; i < scores.length; i++) {
      if (scores[i] > scores[best]) {
        best = i;
      }
    }
    return best;
  }
}
