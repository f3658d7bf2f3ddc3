package dev.filigree.zoo.train.event;

import dev.filigree.sparsity.MaskUpdate;

/**
 * Hears what a run does: a progress bar, a metrics file, a report. A listener never changes the
 * run. All calls come from the training thread, in the order things happen.
 */
public interface TrainingListener {
  /** Before the first step, and before the first one after a resume. */
  default void onStart(RunStart start) {}

  /** After every optimizer step. */
  default void onStep(StepMetrics metrics) {}

  /**
   * After a step that changed masks, once for each parameter; comes after {@link #onStep}.
   *
   * @param structure of the new mask
   */
  default void onMaskUpdate(MaskUpdate update, MaskStructure structure) {}

  /**
   * After the mask updates of a step, where {@code logging.weight_ages} asks for it.
   *
   * @param ages over all sparse parameters
   */
  default void onWeightAges(long step, WeightAges ages) {}

  /** After an evaluation of one validation set. */
  default void onEvaluation(Evaluation evaluation) {}

  /** After a batch that gave no step. */
  default void onSkipped(SkippedStep skipped) {}

  /** After a checkpoint is whole on disk. */
  default void onCheckpoint(SavedCheckpoint checkpoint) {}

  /** After the last step, or after the one in which a stop was requested. */
  default void onEnd(RunSummary summary) {}
}
