package dev.filigree.zoo.eval;

import java.util.Collection;

/**
 * A metric over questions.
 *
 * @param value the mean
 * @param standardError of the mean, from the sample's deviation; NaN for a single question
 */
public record Score(double value, double standardError) {

  /** The mean of a metric; for 0s and 1s its error is sqrt(p (1 - p) / (n - 1)). */
  static Score of(Collection<Double> values) {
    double count = values.size();
    double mean = values.stream().mapToDouble(Double::doubleValue).sum() / count;
    double squares = values.stream().mapToDouble(value -> (value - mean) * (value - mean)).sum();
    return new Score(mean, Math.sqrt(squares / (count - 1) / count));
  }

  /** The mean over parts of equal weight, large or small. */
  static Score mean(Collection<Score> parts) {
    double count = parts.size();
    double sum = parts.stream().mapToDouble(Score::value).sum();
    double variance =
        parts.stream().mapToDouble(part -> part.standardError * part.standardError).sum();
    return new Score(sum / count, Math.sqrt(variance) / count);
  }
}
