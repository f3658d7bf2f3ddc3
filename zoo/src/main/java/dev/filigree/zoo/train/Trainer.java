package dev.filigree.zoo.train;

import dev.filigree.io.Failures;
import dev.filigree.optim.GradientExchange;
import dev.filigree.optim.Replica;
import dev.filigree.zoo.config.ResumedSettings;
import dev.filigree.zoo.config.RunConfig;
import dev.filigree.zoo.config.RunPlan;
import dev.filigree.zoo.model.LanguageModel;
import dev.filigree.zoo.report.RunReport;
import dev.filigree.zoo.train.checkpoint.Checkpoint;
import dev.filigree.zoo.train.checkpoint.CheckpointException;
import dev.filigree.zoo.train.checkpoint.Checkpoints;
import dev.filigree.zoo.train.checkpoint.ConfigFile;
import dev.filigree.zoo.train.event.RunSummary;
import dev.filigree.zoo.train.event.TrainingException;
import dev.filigree.zoo.train.event.TrainingListener;
import dev.filigree.zoo.train.log.RunLogs;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Trains a model as a configuration says, into a run directory.
 *
 * <pre>{@code
 * try (var trainer = Trainer.start(RunConfig.read(file, List.of()), directory)) {
 *   RunSummary summary = trainer.listen(progressBar).run();
 * }
 * }</pre>
 */
public final class Trainer implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Trainer.class);

  private final RunDirectory directory;
  private final Session session;
  private final TrainingLoop loop;
  private final long firstStep;
  private final List<String> skippedCheckpoints;

  private Trainer(
      RunDirectory directory, Session session, Progress progress, List<String> skipped) {
    this.directory = directory;
    this.session = session;
    firstStep = progress.step;
    skippedCheckpoints = List.copyOf(skipped);
    loop = new TrainingLoop(directory, session, progress);
  }

  /**
   * Prepares a new run: takes the directory's lock, makes model, data and optimizer, writes {@code
   * config.yaml}.
   *
   * @throws TrainingException when the directory is in use, holds an earlier run or cannot be
   *     written, or the data cannot be read
   */
  public static Trainer start(RunConfig config, Path runDirectory) {
    return start(config, runDirectory, Replica.alone(), GradientExchange.none());
  }

  /**
   * Prepares a new run of one of several replicas, each of which has its own process or thread. All
   * read their shares of the same batches and make the same steps; the first one alone writes into
   * the directory.
   *
   * @param exchange is called once a step with all gradients, before they are clipped, and by mask
   *     updates
   * @throws TrainingException as {@link #start(RunConfig, Path)}, and when batches do not come
   *     apart into equal shares
   */
  public static Trainer start(
      RunConfig config, Path runDirectory, Replica replica, GradientExchange exchange) {
    return locked(
        replica.writes() ? RunDirectory.create(runDirectory) : RunDirectory.readOnly(runDirectory),
        directory -> {
          var session = new Session(config, replica, exchange);
          return closedOnFailure(
              session,
              () -> {
                InitialMaskPasses.run(session);
                directory.write(config);
                return new Trainer(directory, session, new Progress(), List.of());
              });
        });
  }

  /**
   * Prepares to go on with a run from its newest whole checkpoint; what {@code metrics.jsonl} says
   * of later steps is cut.
   *
   * @param overrides changes to the run's configuration, such as {@code loop.stop_at=200}
   * @throws dev.filigree.config.ConfigException for a change that would have no effect
   * @throws TrainingException when the directory holds no run or no whole checkpoint, or is in use
   * @throws CheckpointException when the checkpoint is not one of this configuration
   */
  public static Trainer resume(Path runDirectory, List<String> overrides) {
    return resume(runDirectory, overrides, Replica.alone(), GradientExchange.none());
  }

  /**
   * The same for one of several replicas; their number need not be the same as before. The others
   * wait for the first one, which removes what a killed process left half-written.
   *
   * @param exchange as in {@link #start(RunConfig, Path, Replica, GradientExchange)}
   */
  public static Trainer resume(
      Path runDirectory, List<String> overrides, Replica replica, GradientExchange exchange) {
    if (!replica.writes()) {
      exchange.average(0.0);
    }
    Trainer trainer = resumed(runDirectory, overrides, replica, exchange);
    if (replica.writes() && !replica.isAlone()) {
      exchange.average(0.0);
    }
    return trainer;
  }

  private static Trainer resumed(
      Path runDirectory, List<String> overrides, Replica replica, GradientExchange exchange) {
    return locked(
        replica.writes() ? RunDirectory.open(runDirectory) : RunDirectory.readOnly(runDirectory),
        directory -> {
          RunConfig given = RunConfig.read(runDirectory.resolve(ConfigFile.NAME), overrides);
          var skipped = new ArrayList<String>();
          if (directory.writes()) {
            skipped.addAll(directory.checkpoints().removePartial());
          }
          exchange.average(0.0); // replicas wait here for the first one, which has removed that
          Checkpoints.Newest newest = Checkpoints.newestWhole(runDirectory);
          skipped.addAll(newest.passedOver());
          Checkpoint saved = newest.open().orElseThrow(() -> none(runDirectory, skipped));
          RunConfig before = saved.config().orElse(given);
          RunConfig config = ResumedSettings.check(before, given, saved.step().orElse(0L));
          var session = Session.resumed(config, saved, replica, exchange);
          return closedOnFailure(session, () -> resume(directory, session, before, saved, skipped));
        });
  }

  /**
   * @param before the configuration that the checkpoint was written with
   */
  private static Trainer resume(
      RunDirectory directory,
      Session session,
      RunConfig before,
      Checkpoint checkpoint,
      List<String> skipped) {
    RunConfig config = session.config();
    Progress progress = checkpoint.restore(session.state(), Progress::of);
    if (!ResumedSettings.evaluatesAlike(before, config)) {
      progress.forgetBest();
    }
    if (directory.writes()) {
      directory.checkpoints().setAsideAfter(progress.step);
      RunLogs.cutAfter(directory.path(), progress.step, config.loop()::evaluatesAt);
      directory.write(config);
    }
    return new Trainer(directory, session, progress, skipped);
  }

  /**
   * The configuration that {@link #resume} would go on with; changes nothing.
   *
   * @throws dev.filigree.config.ConfigException for a change that would have no effect
   * @throws TrainingException when the directory holds no run
   */
  public static RunConfig resumable(Path runDirectory, List<String> overrides) {
    Path file = runDirectory.resolve(ConfigFile.NAME);
    RunDirectory.requireRun(runDirectory);
    RunConfig given = RunConfig.read(file, overrides);
    return Checkpoints.newestWhole(runDirectory)
        .open()
        .map(
            saved ->
                ResumedSettings.check(saved.config().orElse(given), given, saved.step().orElse(0L)))
        .orElse(given);
  }

  /** Frees the session where the preparation after it fails. */
  private static Trainer closedOnFailure(Session session, Supplier<Trainer> preparation) {
    try {
      return preparation.get();
    } catch (RuntimeException | Error e) {
      session.close();
      throw e;
    }
  }

  /** Leaves the folder as it was where the preparation fails. */
  private static Trainer locked(
      RunDirectory directory, Function<RunDirectory, Trainer> preparation) {
    try {
      return preparation.apply(directory);
    } catch (RuntimeException | Error e) {
      directory.abandon();
      throw e;
    }
  }

  private static TrainingException none(Path directory, List<String> skipped) {
    return new TrainingException(
        directory
            + ": no whole checkpoint to go on from; start again with another --out"
            + (skipped.isEmpty() ? "" : " (" + String.join("; ", skipped) + ")"));
  }

  /** Adds a listener; they are called in the order they were added. */
  public Trainer listen(TrainingListener listener) {
    loop.listen(listener);
    return this;
  }

  /**
   * Trains to the last step, or until a stop is requested, and writes the report. Call it once.
   * Where the report cannot be written, a warning is logged and the run is still one that ended
   * well.
   *
   * @throws TrainingException when the run cannot go on: why, and what to do
   */
  public RunSummary run() {
    RunSummary summary = loop.run();
    if (directory.writes()) {
      writeReport();
    }
    return summary;
  }

  private void writeReport() {
    try {
      RunReport.write(directory());
    } catch (IOException e) {
      LOG.warn("{}: report.html cannot be written: {}", directory(), Failures.reason(e));
    }
  }

  /** Requests that the run end after the step it is in, with a checkpoint; from any thread. */
  public void requestStop() {
    loop.requestStop();
  }

  /** What is trained, and how, with every default resolved. */
  public RunConfig config() {
    return session.config();
  }

  /**
   * The network that is trained, where it lives and however its weights are stored, until the
   * trainer is closed; empty for one that writes no text.
   */
  public Optional<LanguageModel> languageModel() {
    return session.model() instanceof LanguageModel network
        ? Optional.of(network)
        : Optional.empty();
  }

  /** The run directory. */
  public Path directory() {
    return directory.path();
  }

  /** Optimizer steps that were finished before: 0 for a new run. */
  public long firstStep() {
    return firstStep;
  }

  /** The step that the run ends at. */
  public long lastStep() {
    return config().loop().lastStep();
  }

  /** What to know before the first step, a line each: see {@link RunPlan#warnings}. */
  public List<String> warnings() {
    return RunPlan.of(config()).warnings();
  }

  /** Whether the run directory has a checkpoint to go on from; may be called from any thread. */
  public boolean hasCheckpoint() {
    return !directory.checkpoints().all().isEmpty();
  }

  /** What a new run took from the checkpoint it starts from, in one line; empty for any other. */
  public Optional<String> start() {
    return firstStep == 0 ? session.start() : Optional.empty();
  }

  /** A line for each newer checkpoint that a resume could not use. */
  public List<String> skippedCheckpoints() {
    return skippedCheckpoints;
  }

  /** Frees the network and its optimizer, and gives back the lock of the run directory. */
  @Override
  public void close() {
    loop.close();
    session.close();
    directory.close();
  }
}
