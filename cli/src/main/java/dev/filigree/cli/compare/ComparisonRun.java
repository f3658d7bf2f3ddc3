package dev.filigree.cli.compare;

import dev.filigree.cli.compare.ComparisonPlan.Result;
import dev.filigree.io.Failures;
import dev.filigree.zoo.train.checkpoint.CheckpointStore;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Makes the runs of a comparison, several at once. What is over is read from the folders of the
 * runs, so that a comparison that was ended anyhow goes on where it was.
 */
public final class ComparisonRun {
  private static final long POLL_MILLIS = 200;

  private final Path out;
  private final ComparisonPlan plan;
  private final RunStarter starter;
  private final int jobs;
  private final ComparisonDisplay display;
  private final Divergence divergence;
  private final Map<RunSpec, RunWatch> watches = new LinkedHashMap<>();
  private final Map<RunSpec, Active> active = new LinkedHashMap<>();
  private final Map<RunSpec, String> failures = new LinkedHashMap<>();
  private volatile boolean stopRequested;

  private record Active(RunStarter.Started started, int slot, AtomicBoolean ended) {}

  /**
   * @param out the folder of the comparison
   * @param jobs runs at once
   */
  public ComparisonRun(
      Path out, ComparisonPlan plan, RunStarter starter, int jobs, ComparisonDisplay display) {
    this.out = out;
    this.plan = plan;
    this.starter = starter;
    this.jobs = jobs;
    this.display = display;
    divergence = new Divergence(plan.file().diverged());
  }

  /** Ends all runs after the steps that they are in, with checkpoints; from any thread. */
  public void requestStop() {
    stopRequested = true;
  }

  /** Ends all runs at once; from any thread. */
  public synchronized void end() {
    active.values().forEach(each -> each.started().end());
  }

  /** The runs that failed, and why. */
  public Map<RunSpec, String> failures() {
    return failures;
  }

  /** What came of a run; null while it is not over. */
  public @Nullable Result result(RunSpec run) {
    RunWatch watch = watch(run);
    if (active.containsKey(run)) {
      return null;
    }
    if (failures.containsKey(run) || watch.isDiverged()) {
      return new Result(Double.POSITIVE_INFINITY, watch.secondsPerStep());
    }
    boolean over = watch.isFinished() && watch.step() >= 1;
    return over ? new Result(orInfinite(watch.loss()), watch.secondsPerStep()) : null;
  }

  private static double orInfinite(double loss) {
    return Double.isNaN(loss) ? Double.POSITIVE_INFINITY : loss;
  }

  private RunWatch watch(RunSpec run) {
    return watches.computeIfAbsent(
        run,
        _ -> {
          var watch = new RunWatch(out.resolve(run.directory()));
          watch.refresh();
          return watch;
        });
  }

  /**
   * Makes the runs.
   *
   * @param most the time after which it stops, to go on another time
   * @return whether all of them are over
   */
  public boolean run(Optional<Duration> most) throws IOException, InterruptedException {
    long started = System.nanoTime();
    while (true) {
      if (most.isPresent() && System.nanoTime() - started >= most.get().toNanos()) {
        stopRequested = true;
      }
      poll();
      List<RunSpec> wanted = plan.wanted(this::result);
      if (stopRequested) {
        active.values().forEach(each -> end(each, false));
      } else {
        start(wanted);
      }
      display.show(plan.runs(), wanted, active.keySet(), this::watch, jobs);
      if (active.isEmpty() && (stopRequested || wanted.isEmpty())) {
        display.end();
        return wanted.isEmpty();
      }
      Thread.sleep(POLL_MILLIS);
    }
  }

  private synchronized void start(List<RunSpec> wanted) throws IOException {
    for (RunSpec run : wanted) {
      if (active.size() == jobs) {
        return;
      }
      if (!active.containsKey(run)) {
        Path directory = out.resolve(run.directory());
        boolean resumes = !new CheckpointStore(directory).all().isEmpty();
        if (!resumes) {
          delete(directory); // it ended before its first checkpoint
        }
        int slot = freeSlot();
        active.put(
            run,
            new Active(starter.start(run, directory, resumes, slot), slot, new AtomicBoolean()));
        display.started(run, resumes);
      }
    }
  }

  private int freeSlot() {
    Set<Integer> taken = new HashSet<>();
    active.values().forEach(each -> taken.add(each.slot()));
    int slot = 0;
    while (taken.contains(slot)) {
      slot++;
    }
    return slot;
  }

  /** Hears what runs did, ends those that diverge and clears away those that are over. */
  private synchronized void poll() throws IOException {
    for (var entry : List.copyOf(active.entrySet())) {
      RunSpec run = entry.getKey();
      Active each = entry.getValue();
      boolean running = each.started().isRunning();
      RunWatch watch = watch(run);
      watch.refresh();
      Optional<String> diverged = divergence.of(course(run), courses());
      if (diverged.isPresent() && !watch.isDiverged() && !watch.isFinished()) {
        Files.writeString(watch.directory().resolve(RunWatch.DIVERGED), diverged.get() + "\n");
        end(each, true);
      }
      if (!running) {
        active.remove(run);
        over(run, each, watch);
      }
    }
  }

  private static void end(Active each, boolean now) {
    if (each.ended().compareAndSet(false, true)) {
      if (now) {
        each.started().end();
      } else {
        each.started().requestStop();
      }
    }
  }

  private void over(RunSpec run, Active each, RunWatch watch) throws IOException {
    String error = each.started().error();
    if (!watch.isDiverged() && !watch.isFinished() && watch.isSkipping() && !error.isEmpty()) {
      Files.writeString(watch.directory().resolve(RunWatch.DIVERGED), error + "\n");
    }
    if (watch.isDiverged()) {
      display.over(run, Files.readString(watch.directory().resolve(RunWatch.DIVERGED)).strip());
      delete(watch.directory().resolve(CheckpointStore.FOLDER));
    } else if (watch.isFinished()) {
      display.over(run, watch);
      boolean tuned = run.directory().getNameCount() > 1;
      if (tuned || !plan.file().keepCheckpoints()) {
        delete(watch.directory().resolve(CheckpointStore.FOLDER));
      }
    } else if (!each.ended().get()) {
      failures.put(run, error.isEmpty() ? "it ended without a word" : error);
      display.over(run, "failed: " + failures.get(run));
    }
  }

  private Divergence.Course course(RunSpec run) {
    return new Divergence.Course(run.steps(), watch(run).evaluations());
  }

  private List<Divergence.Course> courses() {
    return watches.keySet().stream().map(this::course).toList();
  }

  private static void delete(Path directory) {
    if (!Files.isDirectory(directory)) {
      return;
    }
    var paths = new ArrayList<Path>();
    try (Stream<Path> all = Files.walk(directory)) {
      all.sorted(Comparator.reverseOrder()).forEach(paths::add);
      for (Path path : paths) {
        Files.delete(path);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(directory + ": cannot be deleted: " + Failures.reason(e), e);
    }
  }
}
