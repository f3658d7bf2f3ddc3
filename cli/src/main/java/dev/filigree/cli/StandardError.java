package dev.filigree.cli;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;

/**
 * Gives the program the standard error of its user. The launcher leads the JVM's first words, a
 * warning about the Vector API among them, through a filter, and keeps the true descriptor aside.
 */
final class StandardError {
  private static final int STDERR = 2;

  private StandardError() {}

  /** Puts back the descriptor named by FILIGREE_STDERR; does nothing without a launcher. */
  @SuppressWarnings("restricted") // dup2 takes two integers and touches no memory
  static void restore() {
    String aside = System.getenv("FILIGREE_STDERR");
    if (aside == null) {
      return;
    }
    Linker linker = Linker.nativeLinker();
    var dup2 =
        linker
            .defaultLookup()
            .find("dup2")
            .map(
                symbol ->
                    linker.downcallHandle(
                        symbol, FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT)));
    if (dup2.isPresent()) {
      try {
        int _ = (int) dup2.get().invokeExact(Integer.parseInt(aside), STDERR);
      } catch (Throwable e) {
        throw new IllegalStateException("FILIGREE_STDERR is no descriptor: " + aside, e);
      }
    }
  }
}
