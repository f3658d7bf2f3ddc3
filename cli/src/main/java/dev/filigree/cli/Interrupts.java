package dev.filigree.cli;

import java.io.PrintWriter;
import java.io.Writer;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;

/**
 * Ctrl-C and a polite kill: the first asks the run to stop and save, the second ends the program at
 * once, unless that would lose the whole run: then the third does. The earlier handlers come back
 * on close.
 */
final class Interrupts implements AutoCloseable {
  /** What shells add to a signal's number to make an exit code of it. */
  private static final int SIGNAL_EXIT = 128;

  private static final Map<String, Integer> SIGNALS = Map.of("INT", 2, "TERM", 15);

  /** The exit code of a program that a polite kill stopped. */
  static final int STOPPED = SIGNAL_EXIT + 15;

  private final AtomicInteger received = new AtomicInteger();
  private final AtomicBoolean warned = new AtomicBoolean();
  private final BooleanSupplier saved;
  private final Runnable leave;
  private final Map<String, Object> before = new LinkedHashMap<>();

  /**
   * Listens until closed; {@code stop} and {@code saved} run on the signal's own thread.
   *
   * @param saved whether there is a checkpoint to go on from
   */
  Interrupts(Runnable stop, BooleanSupplier saved, PrintWriter err) {
    this(stop, saved, () -> {}, err);
  }

  /**
   * The same with something to do before the program ends at once.
   *
   * @param leave ends other processes
   */
  Interrupts(Runnable stop, BooleanSupplier saved, Runnable leave, PrintWriter err) {
    this.saved = saved;
    this.leave = leave;
    SIGNALS.forEach(
        (name, number) -> before.put(name, Signals.handle(name, () -> handle(number, stop, err))));
  }

  /**
   * For a process that another one speaks to the user for: Ctrl-C, which a terminal sends to both,
   * is left to the other, which asks by a polite kill.
   */
  static Interrupts leftToParent(Runnable stop) {
    var interrupts =
        new Interrupts(stop, () -> true, new PrintWriter(Writer.nullWriter())); // says nothing
    Object _ = Signals.handle("INT", () -> {});
    return interrupts;
  }

  private void handle(int signal, Runnable stop, PrintWriter err) {
    if (!received.compareAndSet(0, signal)) {
      if (!saved.getAsBoolean() && warned.compareAndSet(false, true)) {
        err.println("Nothing is saved yet: the first checkpoint comes after this step.");
        err.println("Once more leaves at once and loses the run.");
        return;
      }
      leave.run();
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
