package dev.filigree.cli;

import java.io.PrintWriter;
import java.util.function.Supplier;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Says what Filigree found on this machine, what is slow, and the line that fixes it. */
@Command(
    name = "doctor",
    description = "Shows what this machine offers, what is slow, and how to fix it.",
    footer = {"", "Example:", "  filigree doctor"})
final class DoctorCommand implements Runnable {
  @Spec private CommandSpec spec;

  @Override
  public void run() {
    PrintWriter out = spec.commandLine().getOut();
    boolean good = true;
    for (Supplier<Check> supplier : MachineChecks.all()) {
      Check check = supplier.get();
      out.printf("%-4s %-16s %s%n", check.verdict().mark(), check.name(), check.found());
      check.remedy().ifPresent(remedy -> out.printf("%21s -> %s%n", "", remedy));
      good &= check.remedy().isEmpty();
    }
    out.println();
    out.println(good ? "Nothing to mend." : "Each arrow says what mends the line above it.");
  }
}
