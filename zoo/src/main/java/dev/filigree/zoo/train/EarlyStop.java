package dev.filigree.zoo.train;

import dev.filigree.zoo.config.EarlyStopConfig;
import dev.filigree.zoo.train.event.Evaluation;
import dev.filigree.zoo.train.event.TrainingException;
import java.util.List;

/** Watches evaluations for the end of a run that gets no better. */
final class EarlyStop {
  private final EarlyStopConfig config;

  EarlyStop(EarlyStopConfig config) {
    this.config = config;
  }

  /** Takes in the evaluations of a step. */
  void evaluated(List<Evaluation> evaluations, Progress progress) {
    double value =
        evaluations.stream()
            .filter(
                evaluation ->
                    config.dataset().isEmpty() || config.dataset().equals(evaluation.dataset()))
            .mapToDouble(this::value)
            .average()
            .orElseThrow();
    if (config.isBetter(value, progress.bestMonitored)) {
      progress.bestMonitored = value;
      progress.evaluationsWithoutBetter = 0;
    } else {
      progress.evaluationsWithoutBetter++;
    }
  }

  private double value(Evaluation evaluation) {
    return switch (config.metric()) {
      case LOSS -> evaluation.loss();
      case PERPLEXITY -> evaluation.perplexity();
      case BITS_PER_BYTE -> {
        Double bits = evaluation.bitsPerByte();
        if (bits == null) {
          throw new TrainingException(
              "early stopping watches bits_per_byte, which only text has: watch the loss");
        }
        yield bits;
      }
    };
  }

  boolean isDue(Progress progress) {
    return progress.evaluationsWithoutBetter >= config.patience();
  }
}
