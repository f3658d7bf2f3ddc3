package dev.filigree.cli.compare;

import dev.filigree.zoo.report.Figures;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;

/**
 * When a run is not worth its end: where its validation loss is no number, or more than a number of
 * times the best one that any run of the comparison had at the same part of its length. A longer
 * run is further there, by more steps; what it had counts as of the same step.
 *
 * @param times how many; 0 for never
 */
record Divergence(double times) {
  /** The losses of a run. */
  record Course(long steps, Map<Long, Double> evaluations) {
    /** The last loss up to a part of the run, and up to a step; infinite for none. */
    private double at(double part, long step) {
      return evaluations.entrySet().stream()
          .filter(entry -> entry.getKey() <= Math.min(part * steps, (double) step))
          .max(Map.Entry.comparingByKey())
          .map(Map.Entry::getValue)
          .orElse(Double.POSITIVE_INFINITY);
    }
  }

  /** Why a run is to end; empty where it may go on. */
  Optional<String> of(Course run, Collection<Course> all) {
    if (times == 0) {
      return Optional.empty();
    }
    for (var evaluation : run.evaluations().entrySet()) {
      double loss = evaluation.getValue();
      double part = (double) evaluation.getKey() / run.steps();
      double best =
          all.stream()
              .mapToDouble(course -> course.at(part, evaluation.getKey()))
              .filter(Double::isFinite)
              .min()
              .orElse(Double.POSITIVE_INFINITY);
      if (!(loss <= times * best)) {
        return Optional.of(
            "step %d: validation loss %s, more than %s times the best of all runs there, %s"
                .formatted(
                    evaluation.getKey(),
                    Figures.fixed(loss, 4),
                    Figures.significant(times),
                    Figures.fixed(best, 4)));
      }
    }
    return Optional.empty();
  }
}
