package dev.filigree.bench;

import dev.filigree.sparsity.Execution;
import dev.filigree.torch.Libtorch;
import dev.filigree.zoo.train.log.PeakMemory;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The resident memory of training one case, measured in a JVM of its own. */
final class ResidentMemory {
  private static final int STEPS = 3;
  private static final long TIMEOUT_MINUTES = 10;
  private static final String DENSE = "dense";

  private ResidentMemory() {}

  /**
   * Peak bytes of a process.
   *
   * @param start while the model is made and in the first step
   * @param training in the steps after it
   */
  record Peak(long start, long training) {}

  /** Measures a case; empty where the system does not tell, as only Linux does. */
  static Optional<Peak> of(StepWorkload workload, @Nullable Execution execution, double sparsity) {
    if (PeakMemory.peakBytes() == null) {
      return Optional.empty();
    }
    var command = new ArrayList<String>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
    command.addAll(
        List.of(
            "-cp",
            System.getProperty("java.class.path"),
            ResidentMemory.class.getName(),
            Long.toString(workload.hiddenSize()),
            Long.toString(workload.layers()),
            Long.toString(workload.vocabulary()),
            Long.toString(workload.tokens()),
            Long.toString(workload.sequence()),
            execution == null ? DENSE : execution.name(),
            Double.toString(sparsity)));
    try {
      return Optional.of(run(command));
    } catch (IOException e) {
      throw new IllegalStateException("the memory of a training run cannot be measured", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
  }

  private static Peak run(List<String> command) throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
    String output =
        new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
    if (!process.waitFor(TIMEOUT_MINUTES, TimeUnit.MINUTES) || process.exitValue() != 0) {
      process.destroyForcibly();
      throw new IOException("the process that trains did not end well");
    }
    String[] numbers = output.substring(output.lastIndexOf('\n') + 1).split(" ", -1);
    return new Peak(Long.parseLong(numbers[0]), Long.parseLong(numbers[1]));
  }

  /** Trains and prints the two peaks; the arguments are those that {@link #of} passes. */
  public static void main(String[] args) throws IOException {
    Libtorch.prepare();
    var workload =
        new StepWorkload(
            Long.parseLong(args[0]),
            Long.parseLong(args[1]),
            Long.parseLong(args[2]),
            Long.parseLong(args[3]),
            Long.parseLong(args[4]));
    Execution execution =
        args[5].equals(DENSE) ? null : Execution.valueOf(args[5].toUpperCase(Locale.ROOT));
    try (var training =
        new StepCase(workload, execution, Double.parseDouble(args[6]), StepCase.UPDATE_EVERY)) {
      training.step(new Sections());
      long start = peak();
      resetPeak();
      for (int i = 1; i < STEPS; i++) {
        training.step(new Sections());
      }
      System.out.println(start + " " + peak());
    }
  }

  private static long peak() {
    return java.util.Objects.requireNonNull(PeakMemory.peakBytes(), "only Linux tells");
  }

  /** From now on the peak counts from zero. */
  private static void resetPeak() throws IOException {
    Files.writeString(Path.of("/proc/self/clear_refs"), "5");
  }
}
