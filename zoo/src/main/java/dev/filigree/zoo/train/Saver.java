package dev.filigree.zoo.train;

import dev.filigree.zoo.train.checkpoint.CheckpointStore;
import dev.filigree.zoo.train.event.SavedCheckpoint;
import dev.filigree.zoo.train.event.TrainingException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Saves a run as it is, once a step, and deletes old checkpoints. Of several replicas the first
 * one's writes; the others keep count alike.
 */
final class Saver {
  private final RunDirectory directory;
  private final CheckpointStore checkpoints;
  private final Session session;
  private final Progress progress;
  private long savedStep;
  private @Nullable Path saved;

  Saver(RunDirectory directory, Session session, Progress progress) {
    this.directory = directory;
    this.session = session;
    this.progress = progress;
    checkpoints = directory.checkpoints();
    savedStep = progress.step == 0 ? -1 : progress.step;
  }

  /**
   * Saves the run, where it is not saved at this step; older checkpoints go as configured.
   *
   * @param evaluated whether its last evaluation is of this step
   * @throws TrainingException when it cannot be saved in its own folder
   */
  Optional<SavedCheckpoint> save(boolean evaluated) {
    if (progress.step == savedStep) {
      return Optional.empty();
    }
    SparsityGuard.check(session);
    session.requireAgreement(progress.step);
    if (evaluated) {
      progress.checkpointed();
    }
    return session.withWholeState(this::saveWhole);
  }

  private Optional<SavedCheckpoint> saveWhole() {
    if (!directory.writes()) {
      savedStep = progress.step;
      return Optional.empty();
    }
    Path path = writeOrRescue();
    var config = session.config().checkpoint();
    Long best = config.keepBest() ? progress.bestCheckpoint : null;
    checkpoints.prune(config.keep(), best == null ? Set.of() : Set.of(best));
    return Optional.of(new SavedCheckpoint(progress.step, path));
  }

  /**
   * Saves the run before a row of skipped steps. They change no weight: what is in memory is the
   * run before the first of them. Older checkpoints stay, in case its weights are already beyond
   * repair.
   */
  void saveBeforeSkipped() {
    progress.skippedInRow = 0;
    if (progress.step != savedStep) {
      session.withWholeState(this::writeWhereThere);
    }
  }

  private boolean writeWhereThere() {
    boolean there = directory.writes() && directory.isThere();
    if (there) {
      SparsityGuard.check(session);
      write();
    }
    return there;
  }

  private Path writeOrRescue() {
    if (directory.isThere()) {
      try {
        return write();
      } catch (TrainingException e) {
        if (directory.isThere()) {
          throw e;
        }
      }
    }
    throw rescued();
  }

  private Path write() {
    Path path = checkpoints.save(progress.step, session.state(), progress.state());
    savedStep = progress.step;
    saved = path;
    return path;
  }

  /** The end of a run whose folder was deleted under it: what it has in memory is saved. */
  private TrainingException rescued() {
    directory.makeAgain(session.config());
    return new TrainingException(
        directory.path()
            + ": was deleted under the run, and its metrics with it; step "
            + progress.step
            + " is saved again in "
            + write()
            + ", go on from it with --resume");
  }

  /** The newest checkpoint of the run; of a replica that writes none, the first replica's. */
  Path newest() {
    if (saved != null) {
      return saved;
    }
    return directory.writes()
        ? checkpoints.all().getLast().directory()
        : checkpoints.of(progress.step);
  }

  /** For the end of a message: which checkpoint the run can go on from. */
  String lastGood() {
    return checkpoints.lastGood();
  }
}
