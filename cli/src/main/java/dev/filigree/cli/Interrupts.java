package dev.filigree.cli;

import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Ctrl-C and a polite kill: the first asks the run to stop and save, the second ends the program at
 * once. The handlers of before come back on close.
 */
final class Interrupts implements AutoCloseable {
  /** What shells add to a signal's number to make an exit code of it. */
  private static final int SIGNAL_EXIT = 128;

  private static final Map<String, Integer> SIGNALS = Map.of("INT", 2, "TERM", 15);

  private final AtomicInteger received = new AtomicInteger();
  private final Map<String, Object> before = new LinkedHashMap<>();

  /** Listens until closed; {@code stop} runs on the signal's own thread. */
  Interrupts(Runnable stop, PrintWriter err) {
    SIGNALS.forEach(
        (name, number) -> before.put(name, Signals.handle(name, () -> handle(number, stop, err))));
  }

  private void handle(int signal, Runnable stop, PrintWriter err) {
    if (!received.compareAndSet(0, signal)) {
      Runtime.getRuntime().halt(SIGNAL_EXIT + signal);
    }
    err.println();
    err.println("Stopping after this step and saving a checkpoint. Once more leaves at once.");
    stop.run();
  }

  boolean interrupted() {
    return received.get() != 0;
  }

  /** What shells call the exit code of a program that a signal ended; 0 without one. */
  int exitCode() {
    return interrupted() ? SIGNAL_EXIT + received.get() : 0;
  }

  @Override
  public void close() {
    before.forEach(Signals::restore);
  }
}
