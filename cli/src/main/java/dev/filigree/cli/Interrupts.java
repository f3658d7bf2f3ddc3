package dev.filigree.cli;

import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import sun.misc.Signal;
import sun.misc.SignalHandler;

/**
 * Ctrl-C and a polite kill: the first asks the run to stop and save, the second ends the program at
 * once. The handlers of before come back on close.
 */
@SuppressWarnings("sunapi") // the only way to hear a second Ctrl-C: a shutdown hook runs once
final class Interrupts implements AutoCloseable {
  private static final int SIGNAL_EXIT = 128;

  private final AtomicReference<Signal> received = new AtomicReference<>();
  private final Map<Signal, SignalHandler> before = new LinkedHashMap<>();

  /** Listens until closed; {@code stop} runs on the signal's own thread. */
  Interrupts(Runnable stop, PrintWriter err) {
    for (String name : new String[] {"INT", "TERM"}) {
      var signal = new Signal(name);
      before.put(signal, Signal.handle(signal, caught -> handle(caught, stop, err)));
    }
  }

  private void handle(Signal signal, Runnable stop, PrintWriter err) {
    if (!received.compareAndSet(null, signal)) {
      Runtime.getRuntime().halt(SIGNAL_EXIT + signal.getNumber());
    }
    err.println();
    err.println("Stopping after this step and saving a checkpoint. Once more leaves at once.");
    stop.run();
  }

  boolean interrupted() {
    return received.get() != null;
  }

  /** What shells call the exit code of a program that a signal ended: 128 and its number. */
  int exitCode() {
    Signal signal = received.get();
    return signal == null ? 0 : SIGNAL_EXIT + signal.getNumber();
  }

  @Override
  public void close() {
    before.forEach(Signal::handle);
  }
}
