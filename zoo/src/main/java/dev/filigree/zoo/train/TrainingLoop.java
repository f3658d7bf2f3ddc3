package dev.filigree.zoo.train;

import dev.filigree.sparsity.MaskUpdate;
import dev.filigree.sparsity.SparseParameter;
import dev.filigree.zoo.config.LoopConfig;
import dev.filigree.zoo.config.RunConfig;
import dev.filigree.zoo.config.RunPlan;
import dev.filigree.zoo.train.event.Evaluation;
import dev.filigree.zoo.train.event.LayerSparsity;
import dev.filigree.zoo.train.event.MaskStructure;
import dev.filigree.zoo.train.event.RunStart;
import dev.filigree.zoo.train.event.RunSummary;
import dev.filigree.zoo.train.event.RunSummary.Ending;
import dev.filigree.zoo.train.event.SkippedStep;
import dev.filigree.zoo.train.event.StepMetrics;
import dev.filigree.zoo.train.event.TrainingException;
import dev.filigree.zoo.train.event.TrainingListener;
import dev.filigree.zoo.train.log.RunLogs;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The loop of a run: step, evaluate, save, and tell the listeners. */
final class TrainingLoop implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(TrainingLoop.class);

  private final RunDirectory directory;
  private final Validation validation;
  private final Saver saver;
  private final Session session;
  private final RunConfig config;
  private final TrainingStep step;
  private final Progress progress;
  private final RunPictures pictures;
  private final MaskTrack masks;
  private final Optional<EarlyStop> earlyStop;
  private final List<TrainingListener> listeners = new ArrayList<>();
  private volatile boolean stopRequested; // of this process
  private boolean stopAgreed; // after the last step, by all replicas

  private final Map<SparseParameter, MaskUpdate> maskUpdates = new LinkedHashMap<>();
  private final long firstStep;
  private double trainedSeconds;
  private long trainedPositions;

  TrainingLoop(RunDirectory directory, Session session, Progress progress) {
    this.directory = directory;
    this.session = session;
    this.progress = progress;
    config = session.config();
    step = new TrainingStep(session);
    validation = new Validation(session);
    saver = new Saver(directory, session, progress);
    pictures = new RunPictures(directory.path(), session);
    masks =
        new MaskTrack(
            directory.path(),
            session.sparseParameters(),
            config.logging().weightAges(),
            progress.step);
    earlyStop = config.loop().earlyStopping().map(EarlyStop::new);
    firstStep = progress.step;
  }

  /** Lets go of the session, which is closed afterwards. */
  @Override
  public void close() {
    step.close();
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
            ? RunLogs.open(
                directory.path(), config, session.unit(), progress.step, progress.positions)
            : RunLogs.none()) {
      listeners.addAll(0, logs.listeners());
      hearMaskUpdates();
      begin();

      Ending ending = Ending.FINISHED;
      while (progress.step < loop.lastStep()) {
        if (session.replica().isAlone() ? stopRequested : stopAgreed) {
          ending = Ending.STOPPED;
          break;
        }
        if (!trainOneStep()) {
          continue; // something was not finite: the next batch makes this step
        }
        if (validation.happensAt(progress.step)) {
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
      if (ending == Ending.FINISHED
          && validation.happens()
          && !validation.happensAt(progress.step)) {
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

  private void hearMaskUpdates() {
    session.sparsity().ifPresent(sparse -> sparse.addListener(maskUpdates::put));
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
      if (directory.writes()) {
        masks.begin();
      }
    }
    if (progress.step == 0 && config.checkpoint().saveInitial()) {
      saveCheckpoint();
    }
  }

  /** Whether there was a step; a batch with something not finite gives none. */
  private boolean trainOneStep() {
    long started = System.nanoTime();
    double learningRate = session.schedule(progress.step);
    double density = 1 - session.countedSparsity();
    TrainingStep.Outcome outcome = step.make(progress.step, stopRequested);
    stopAgreed = outcome.stop();
    if (outcome.isSkipped()) {
      skip(outcome.skipped());
      return false;
    }
    progress.stepped(outcome.positions(), outcome.loss(), density);
    if (!maskUpdates.isEmpty()) {
      SparsityGuard.check(session);
      session.requireAgreement(progress.step);
    }
    double seconds = (System.nanoTime() - started) / 1e9;
    trainedSeconds += seconds;
    trainedPositions += outcome.positions();
    boolean isSparse = session.sparsity().isPresent();
    var metrics =
        new StepMetrics(
            progress.step,
            progress.positions,
            outcome.loss(),
            learningRate,
            outcome.norms().all(),
            isSparse ? outcome.norms().chosen() : null,
            isSparse ? outcome.norms().others() : null,
            session.countedSparsity(),
            progress.meanDensity(),
            outcome.positions() / seconds,
            seconds);
    tell(listener -> listener.onStep(metrics));
    tellMaskUpdates();
    return true;
  }

  /** Masks change within a step, and are told of when it is over. */
  private void tellMaskUpdates() {
    if (maskUpdates.isEmpty()) {
      return;
    }
    maskUpdates.forEach(
        (parameter, update) -> {
          MaskStructure structure = masks.updated(parameter, progress.step);
          tell(listener -> listener.onMaskUpdate(update, structure));
        });
    masks
        .ages(progress.step)
        .ifPresent(ages -> tell(listener -> listener.onWeightAges(progress.step, ages)));
    maskUpdates.clear();
  }

  private void skip(String reason) {
    progress.skipped();
    var skipped = new SkippedStep(progress.step + 1, reason);
    tell(listener -> listener.onSkipped(skipped));
    long skippedInRow = progress.skippedInRow;
    if (skippedInRow >= config.loop().maxSkippedSteps()) {
      saver.saveBeforeSkipped();
      throw new TrainingException(
          "step "
              + skipped.step()
              + ": skipped "
              + skippedInRow
              + " times in a row, "
              + reason
              + ": lower the learning rate, lengthen its warm-up or set precision.max_gradient_norm"
              + saver.lastGood());
    }
  }

  private void evaluate() {
    List<Evaluation> evaluations =
        validation.evaluate(
            progress.step, evaluation -> tell(listener -> listener.onEvaluation(evaluation)));
    progress.evaluated(
        evaluations.stream().mapToDouble(Evaluation::loss).average().orElseThrow(),
        Validation.meanAccuracy(evaluations));
    earlyStop.ifPresent(stop -> stop.evaluated(evaluations, progress));
  }

  private void saveCheckpoint() {
    saver
        .save(validation.happensAt(progress.step))
        .ifPresent(
            saved -> {
              masks.save(saved.step(), directory.checkpoints());
              tell(listener -> listener.onCheckpoint(saved));
            });
  }

  private RunSummary end(Ending ending, double seconds) {
    List<LayerSparsity> layers = LayerSparsity.of(session.sparseParameters());
    var summary =
        new RunSummary(
            ending,
            progress.step,
            session.unit(),
            progress.positions,
            progress.trainLoss,
            progress.evalLoss,
            validation.bitsPerByte(progress.evalLoss),
            progress.evalAccuracy,
            progress.bestEvalLoss,
            session.countedSparsity(),
            LayerSparsity.target(layers),
            progress.meanDensity(),
            progress.skipped,
            firstStep,
            trainedPositions,
            seconds,
            trainedSeconds == 0 ? 0 : trainedPositions / trainedSeconds,
            layers,
            session.hardware().toString(),
            session.execution(),
            saver.newest());
    tell(listener -> listener.onEnd(summary));
    return summary;
  }

  private void tell(Consumer<TrainingListener> event) {
    listeners.forEach(event);
  }
}
