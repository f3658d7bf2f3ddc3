package dev.filigree.cli;

import java.io.PrintWriter;
import java.io.StringWriter;

/** A run of the program inside the test's JVM: its exit code and what it printed. */
record Program(int exitCode, String out, String err) {
  static Program run(String... args) {
    var out = new StringWriter();
    var err = new StringWriter();
    int exitCode = Main.execute(new PrintWriter(out, true), new PrintWriter(err, true), args);
    return new Program(exitCode, out.toString(), err.toString());
  }
}
