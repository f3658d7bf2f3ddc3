package dev.filigree.kernels;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A fixed number of threads, the caller's among them, that share the units of one job at a time.
 *
 * <p>Which thread takes which unit is not specified, so a unit must not depend on it. Idle threads
 * spin for a moment before they sleep, because the products of a layer follow each other within
 * microseconds.
 */
final class WorkerPool implements AutoCloseable {
  private static final long WATCH_NANOS = 30_000;

  /** One unit of a job; {@code worker} is below the number of threads. */
  @FunctionalInterface
  interface Task {
    void run(int worker, int unit);
  }

  private static final class Job {
    final int units;
    final Task task;
    final Thread caller = Thread.currentThread();
    final AtomicInteger next = new AtomicInteger();
    final AtomicInteger open;
    final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();

    Job(int units, Task task) {
      this.units = units;
      this.task = task;
      open = new AtomicInteger(units);
    }

    void work(int worker) {
      for (int unit = next.getAndIncrement(); unit < units; unit = next.getAndIncrement()) {
        try {
          task.run(worker, unit);
        } catch (Throwable problem) {
          failure.compareAndSet(null, problem);
        }
        if (open.decrementAndGet() == 0) {
          LockSupport.unpark(caller);
        }
      }
    }
  }

  private final Thread[] helpers;
  private volatile @Nullable Job job;
  private volatile boolean closed;

  WorkerPool(int threads) {
    helpers = new Thread[threads - 1];
    for (int i = 0; i < helpers.length; i++) {
      int worker = i + 1;
      helpers[i] =
          Thread.ofPlatform().daemon().name("filigree-" + worker).start(() -> loop(worker));
    }
  }

  int threads() {
    return helpers.length + 1;
  }

  /**
   * Runs all units and returns when they are done.
   *
   * @throws RuntimeException what the first failing unit threw; an Error is passed on too
   */
  synchronized void run(int units, Task task) {
    if (units == 0) {
      return;
    }
    var mine = new Job(units, task);
    if (units > 1) {
      job = mine;
      for (int i = 0; i < Math.min(helpers.length, units - 1); i++) {
        LockSupport.unpark(helpers[i]);
      }
    }
    mine.work(0);
    for (long start = System.nanoTime(); mine.open.get() > 0; ) {
      waitSince(start);
    }
    job = null;
    switch (mine.failure.get()) {
      case null -> {}
      case Error error -> throw error;
      case RuntimeException exception -> throw exception;
      case Throwable problem -> throw new IllegalStateException(problem);
    }
  }

  private void loop(int worker) {
    Job done = null;
    long start = System.nanoTime();
    while (!closed) {
      Job current = job;
      if (current == null || current == done) {
        waitSince(start);
      } else {
        current.work(worker);
        done = current;
        start = System.nanoTime();
      }
    }
  }

  private void waitSince(long start) {
    if (System.nanoTime() - start < WATCH_NANOS) {
      Thread.onSpinWait();
    } else {
      LockSupport.park(this);
    }
  }

  @Override
  public void close() {
    closed = true;
    for (Thread helper : helpers) {
      LockSupport.unpark(helper);
    }
  }
}
