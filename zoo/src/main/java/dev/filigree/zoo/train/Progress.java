package dev.filigree.zoo.train;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** How far a run is: everything that {@code state.json} has beside the data and the masks. */
final class Progress {
  long step;
  long positions;
  long skipped;
  long skippedInRow;
  double trainLoss = Double.NaN;

  /** Over all steps, the fraction of the sparse weights that each was made with. */
  @Nullable Double densities = 0.0; // null in a run of an earlier version

  @Nullable Double evalLoss;
  @Nullable Double evalAccuracy;
  @Nullable Double bestEvalLoss;

  /** The best value that early stopping saw, and how many in a row were no better. */
  @Nullable Double bestMonitored;

  long evaluationsWithoutBetter;

  /** The checkpoint with the best validation loss, by its step. */
  @Nullable Long bestCheckpoint;

  @Nullable Double bestCheckpointLoss;

  /**
   * Takes in an optimizer step.
   *
   * @param density the fraction of the sparse weights that existed in it
   */
  void stepped(long positions, double loss, double density) {
    step++;
    this.positions += positions;
    trainLoss = loss;
    skippedInRow = 0;
    if (densities != null) {
      densities += density;
    }
  }

  /**
   * The mean over all steps; null where those before a resume do not tell, and before the first.
   */
  @Nullable Double meanDensity() {
    return densities == null || step == 0 ? null : densities / step;
  }

  /** Takes in a batch that gave no step. */
  void skipped() {
    skipped++;
    skippedInRow++;
  }

  /** Takes in the loss of an evaluation, and its accuracy where it has one. */
  void evaluated(double loss, @Nullable Double accuracy) {
    evalLoss = loss;
    evalAccuracy = accuracy;
    if (bestEvalLoss == null || loss < bestEvalLoss) {
      bestEvalLoss = loss;
    }
  }

  /** Takes in a checkpoint about to be saved right after an evaluation. */
  void checkpointed() {
    if (evalLoss != null && (bestCheckpointLoss == null || evalLoss < bestCheckpointLoss)) {
      bestCheckpointLoss = evalLoss;
      bestCheckpoint = step;
    }
  }

  /** Later evaluations measure something else: what was best says nothing of them. */
  void forgetBest() {
    bestEvalLoss = null;
    bestMonitored = null;
    evaluationsWithoutBetter = 0;
    bestCheckpoint = null;
    bestCheckpointLoss = null;
  }

  Map<String, @Nullable Object> state() {
    var state = new LinkedHashMap<String, @Nullable Object>();
    state.put("step", step);
    state.put("tokens", positions);
    state.put("skipped", skipped);
    state.put("skipped_in_a_row", skippedInRow);
    state.put("train_loss", finite(trainLoss));
    if (densities != null) {
      state.put("densities", densities);
    }
    state.put("eval_loss", finite(evalLoss));
    if (evalAccuracy != null) {
      state.put("eval_accuracy", evalAccuracy);
    }
    state.put("best_eval_loss", finite(bestEvalLoss));
    state.put("best_monitored", finite(bestMonitored));
    state.put("evaluations_without_better", evaluationsWithoutBetter);
    state.put("best_checkpoint", bestCheckpoint);
    state.put("best_checkpoint_loss", finite(bestCheckpointLoss));
    return state;
  }

  static Progress of(Map<?, ?> state) {
    var progress = new Progress();
    progress.step = integer(state, "step");
    progress.positions = integer(state, "tokens");
    progress.skipped = integer(state, "skipped");
    progress.skippedInRow = integer(state, "skipped_in_a_row");
    Double trainLoss = number(state, "train_loss");
    progress.trainLoss = trainLoss == null ? Double.NaN : trainLoss;
    progress.densities = number(state, "densities");
    progress.evalLoss = number(state, "eval_loss");
    progress.evalAccuracy = number(state, "eval_accuracy");
    progress.bestEvalLoss = number(state, "best_eval_loss");
    progress.bestMonitored = number(state, "best_monitored");
    progress.evaluationsWithoutBetter = integer(state, "evaluations_without_better");
    progress.bestCheckpoint =
        state.get("best_checkpoint") instanceof Number best ? best.longValue() : null;
    progress.bestCheckpointLoss = number(state, "best_checkpoint_loss");
    return progress;
  }

  private static long integer(Map<?, ?> state, String key) {
    if (state.get(key) instanceof Number number) {
      return number.longValue();
    }
    throw new IllegalArgumentException("'" + key + "' is missing");
  }

  private static @Nullable Double number(Map<?, ?> state, String key) {
    return state.get(key) instanceof Number number ? number.doubleValue() : null;
  }

  /** JSON has no infinity and no NaN. */
  private static @Nullable Double finite(@Nullable Double value) {
    return value != null && Double.isFinite(value) ? value : null;
  }
}
