package dev.filigree.zoo.train.event;

import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How a run ended.
 *
 * @param steps optimizer steps finished since the run began
 * @param unit what it is counted in: tokens, or pictures
 * @param positions tokens or pictures trained on since the run began
 * @param trainLoss of the last step, nats a token or a picture; NaN when no step was made
 * @param evalLoss of the last evaluation, the mean over several validation sets; null for none
 * @param bitsPerByte of the last evaluation; null where the text behind the tokens is not known
 * @param accuracy of the last evaluation, the fraction of pictures with the right class, the mean
 *     over several validation sets; null for none, and for text
 * @param bestEvalLoss of all evaluations; null for none
 * @param sparsity counted over the sparse parameters; 0 for a dense run
 * @param targetSparsity over the sparse parameters, a fraction
 * @param meanDensity over all steps of the run, as in {@link StepMetrics}
 * @param skipped batches that gave no step
 * @param firstStep optimizer steps that were finished at the start, or at the resume
 * @param timedPositions tokens or pictures trained on since the start or the resume
 * @param seconds wall clock since the start or the resume
 * @param positionsPerSecond mean over the steps since the start or the resume, evaluations not
 *     counted
 * @param layers the sparse parameters at the end; empty for a dense run
 * @param device where it computed, in words
 * @param execution "dense", "masked" or "compressed"
 * @param checkpoint the last one saved
 */
public record RunSummary(
    Ending ending,
    long steps,
    Unit unit,
    long positions,
    double trainLoss,
    @Nullable Double evalLoss,
    @Nullable Double bitsPerByte,
    @Nullable Double accuracy,
    @Nullable Double bestEvalLoss,
    double sparsity,
    double targetSparsity,
    @Nullable Double meanDensity,
    long skipped,
    long firstStep,
    long timedPositions,
    double seconds,
    double positionsPerSecond,
    List<LayerSparsity> layers,
    String device,
    String execution,
    Path checkpoint) {
  /** The list is copied. */
  public RunSummary {
    layers = List.copyOf(layers);
  }

  /** Why a run ended. */
  public enum Ending {
    /** At its last step. */
    FINISHED("completed"),
    /** By a request to stop. */
    STOPPED("interrupted"),
    /** The validation loss did not get better for the configured number of evaluations. */
    EARLY_STOP("early stop");

    private final String words;

    Ending(String words) {
      this.words = words;
    }

    @Override
    public String toString() {
      return words;
    }
  }
}
