package dev.filigree.cli;

import java.io.PrintWriter;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Says what Filigree found on this machine, what is slow, and the line that mends it. */
@Command(
    name = "doctor",
    description = "Shows what this machine offers, what is slow and the line that mends it.",
    footer = {"", "Example:", "  filigree doctor"})
final class DoctorCommand implements Runnable {
  @Spec private CommandSpec spec;

  @Override
  public void run() {
    List<Check> checks = MachineChecks.all();
    PrintWriter out = spec.commandLine().getOut();
    int width = checks.stream().mapToInt(check -> check.name().length()).max().orElse(0);
    for (Check check : checks) {
      out.printf(
          "%-4s %-" + width + "s  %s%n", check.verdict().mark(), check.name(), check.found());
      check.remedy().ifPresent(remedy -> out.printf("     %" + width + "s  -> %s%n", "", remedy));
    }
    out.println();
    out.println(
        checks.stream().allMatch(check -> check.remedy().isEmpty())
            ? "Nothing to mend."
            : "Each arrow says what mends the line above it.");
  }
}
