package dev.filigree.zoo.train;

import dev.filigree.zoo.config.LoopConfig;
import dev.filigree.zoo.config.RunConfig;
import dev.filigree.zoo.config.RunPlan;
import dev.filigree.zoo.data.DataLoader;
import dev.filigree.zoo.train.RunSummary.Ending;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The loop of a run: step, evaluate, save, and tell the listeners. */
final class TrainingLoop {
  private static final Logger LOG = LoggerFactory.getLogger(TrainingLoop.class);

  private final RunDirectory directory;
  private final CheckpointStore checkpoints;
  private final Session session;
  private final RunConfig config;
  private final TrainingStep step;
  private final Progress progress;
  private final RunPictures pictures;
  private final Optional<EarlyStop> earlyStop;
  private final List<TrainingListener> listeners = new ArrayList<>();
  private volatile boolean stopRequested;

  private long savedStep;
  private @Nullable Path savedCheckpoint;
  private boolean masksUpdated;
  private final long firstStep;
  private double trainedSeconds;
  private long trainedPositions;

  TrainingLoop(RunDirectory directory, Session session, Progress progress) {
    this.directory = directory;
    this.session = session;
    this.progress = progress;
    checkpoints = directory.checkpoints();
    config = session.config();
    step = new TrainingStep(session);
    pictures = new RunPictures(directory.path(), session);
    earlyStop = config.loop().earlyStopping().map(EarlyStop::new);
    firstStep = progress.step;
    savedStep = progress.step == 0 ? -1 : progress.step;
  }

  void listen(TrainingListener listener) {
    listeners.add(listener);
  }

  void requestStop() {
    stopRequested = true;
  }

  RunSummary run() {
    long started = System.nanoTime();
    LoopConfig loop = config.loop();
    try (var logs =
        directory.writes()
            ? RunLogs.open(directory.path(), config.logging(), session.unit(), progress.step)
            : RunLogs.none()) {
      listeners.addAll(0, logs.listeners());
      hearMaskUpdates();
      begin();

      Ending ending = Ending.FINISHED;
      while (progress.step < loop.lastStep()) {
        if (stopRequested) {
          ending = Ending.STOPPED;
          break;
        }
        if (!trainOneStep()) {
          continue; // something was not finite: the next batch makes this step
        }
        if (evaluatesAt(progress.step)) {
          evaluate();
        }
        if (config.checkpoint().savesAt(progress.step)) {
          saveCheckpoint();
        }
        if (earlyStop.isPresent() && earlyStop.get().isDue(progress)) {
          ending = Ending.EARLY_STOP;
          break;
        }
      }

      saveCheckpoint();
      if (ending == Ending.FINISHED && evaluates() && !evaluatesAt(progress.step)) {
        evaluate();
      }
      lastPictures();
      return end(ending, (System.nanoTime() - started) / 1e9);
    }
  }

  /** Pictures are for the report: a run that is over and saved does not fail for them. */
  private void lastPictures() {
    try {
      savePictures();
    } catch (TrainingException e) {
      LOG.warn("{}", e.getMessage());
    }
  }

  private void savePictures() {
    if (directory.writes()) {
      pictures.save(progress.step);
    }
  }

  private boolean evaluates() {
    return config.loop().evalFrequency() > 0 && !session.validationData().isEmpty();
  }

  private boolean evaluatesAt(long step) {
    return evaluates() && config.loop().evaluatesAt(step);
  }

  private void hearMaskUpdates() {
    session
        .sparsity()
        .ifPresent(
            sparse ->
                sparse.addListener(
                    (_, update) -> {
                      masksUpdated = true;
                      tell(listener -> listener.onMaskUpdate(update));
                    }));
  }

  private void begin() {
    var start =
        new RunStart(
            config,
            RunPlan.of(config),
            directory.path(),
            progress.step,
            config.loop().lastStep(),
            session.hardware().toString(),
            session.execution(),
            session.unit());
    tell(listener -> listener.onStart(start));
    SparsityGuard.check(session);
    if (progress.step == 0) {
      savePictures();
    }
    if (progress.step == 0 && config.checkpoint().saveInitial()) {
      saveCheckpoint();
    }
  }

  /** Whether there was a step; a batch with something not finite gives none. */
  private boolean trainOneStep() {
    long started = System.nanoTime();
    double learningRate = session.schedule(progress.step);
    TrainingStep.Outcome outcome = step.make(progress.step);
    if (outcome.isSkipped()) {
      skip(outcome.skipped());
      return false;
    }
    progress.stepped(outcome.positions(), outcome.loss());
    if (masksUpdated) {
      SparsityGuard.check(session);
      masksUpdated = false;
    }
    double seconds = (System.nanoTime() - started) / 1e9;
    trainedSeconds += seconds;
    trainedPositions += outcome.positions();
    var metrics =
        new StepMetrics(
            progress.step,
            progress.positions,
            outcome.loss(),
            learningRate,
            outcome.gradientNorm(),
            session.countedSparsity(),
            outcome.positions() / seconds,
            seconds);
    tell(listener -> listener.onStep(metrics));
    return true;
  }

  private void skip(String reason) {
    progress.skipped();
    var skipped = new SkippedStep(progress.step + 1, reason);
    tell(listener -> listener.onSkipped(skipped));
    long skippedInRow = progress.skippedInRow;
    if (skippedInRow >= config.loop().maxSkippedSteps()) {
      saveBeforeSkipped();
      throw new TrainingException(
          "step "
              + skipped.step()
              + ": skipped "
              + skippedInRow
              + " times in a row, "
              + reason
              + ": lower the learning rate, lengthen its warm-up or set precision.max_gradient_norm"
              + checkpoints.lastGood());
    }
  }

  /**
   * Skipped steps change no weight: what is in memory is the run before the first of them. Older
   * checkpoints stay, in case its weights are already beyond repair.
   */
  private void saveBeforeSkipped() {
    progress.skippedInRow = 0;
    if (progress.step != savedStep && directory.writes() && directory.isThere()) {
      SparsityGuard.check(session);
      writeCheckpoint();
    }
  }

  /** Evaluates every validation set, where there is one. */
  private void evaluate() {
    if (session.validationData().isEmpty()) {
      return;
    }
    var evaluator = new Evaluator(session.model(), session.hardware(), config.precision().type());
    var evaluations = new ArrayList<Evaluation>();
    for (var data : session.validationData().entrySet()) {
      Evaluator.Result result = evaluator.evaluate(data.getValue(), config.loop().evalSteps());
      var evaluation =
          new Evaluation(
              progress.step,
              data.getKey(),
              result.loss(),
              result.positions(),
              bitsPerByte(data.getValue(), result.loss()),
              result.accuracy());
      evaluations.add(evaluation);
      tell(listener -> listener.onEvaluation(evaluation));
    }
    progress.evaluated(
        evaluations.stream().mapToDouble(Evaluation::loss).average().orElseThrow(),
        meanAccuracy(evaluations));
    earlyStop.ifPresent(stop -> stop.evaluated(evaluations, progress));
  }

  private static @Nullable Double meanAccuracy(List<Evaluation> evaluations) {
    OptionalDouble mean =
        evaluations.stream()
            .map(Evaluation::accuracy)
            .filter(Objects::nonNull)
            .mapToDouble(Double::doubleValue)
            .average();
    return mean.isPresent() ? mean.getAsDouble() : null;
  }

  private static @Nullable Double bitsPerByte(DataLoader data, double loss) {
    return data.dataset().text().<@Nullable Double>map(text -> text.bitsPerByte(loss)).orElse(null);
  }

  private void saveCheckpoint() {
    if (progress.step == savedStep) {
      return;
    }
    SparsityGuard.check(session);
    if (evaluatesAt(progress.step)) {
      progress.checkpointed();
    }
    if (!directory.writes()) {
      savedStep = progress.step;
      return;
    }
    Path saved = writeCheckpointOrRescue();
    Long best = config.checkpoint().keepBest() ? progress.bestCheckpoint : null;
    checkpoints.prune(config.checkpoint().keep(), best == null ? Set.of() : Set.of(best));
    tell(listener -> listener.onCheckpoint(new SavedCheckpoint(progress.step, saved)));
  }

  private Path writeCheckpointOrRescue() {
    if (directory.isThere()) {
      try {
        return writeCheckpoint();
      } catch (TrainingException e) {
        if (directory.isThere()) {
          throw e;
        }
      }
    }
    throw rescued();
  }

  private Path writeCheckpoint() {
    Path saved =
        checkpoints.save(progress.step, aside -> CheckpointFiles.write(aside, session, progress));
    savedStep = progress.step;
    savedCheckpoint = saved;
    return saved;
  }

  /** The end of a run whose folder was deleted under it: what it has in memory is saved. */
  private TrainingException rescued() {
    directory.makeAgain(config);
    return new TrainingException(
        directory.path()
            + ": was deleted under the run, and its metrics with it; step "
            + progress.step
            + " is saved again in "
            + writeCheckpoint()
            + ", go on from it with --resume");
  }

  private RunSummary end(Ending ending, double seconds) {
    var summary =
        new RunSummary(
            ending,
            progress.step,
            session.unit(),
            progress.positions,
            progress.trainLoss,
            progress.evalLoss,
            progress.evalLoss == null ? null : session.bitsPerByte(progress.evalLoss),
            progress.evalAccuracy,
            progress.bestEvalLoss,
            session.countedSparsity(),
            session.targetSparsity(),
            progress.skipped,
            firstStep,
            trainedPositions,
            seconds,
            trainedSeconds == 0 ? 0 : trainedPositions / trainedSeconds,
            session.layers(),
            session.hardware().toString(),
            session.execution(),
            lastCheckpoint());
    tell(listener -> listener.onEnd(summary));
    return summary;
  }

  /** Of a replica that writes nothing: the one that the first replica writes. */
  private Path lastCheckpoint() {
    if (savedCheckpoint != null) {
      return savedCheckpoint;
    }
    return directory.writes() ? checkpoints.newest() : checkpoints.of(progress.step);
  }

  private void tell(Consumer<TrainingListener> event) {
    listeners.forEach(event);
  }
}
