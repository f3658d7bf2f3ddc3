package dev.filigree.bench;

import dev.filigree.cuda.CudaDevice;
import dev.filigree.io.Json;
import dev.filigree.zoo.config.ScaleCost;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Training steps of several workers together against those of one, with a batch of the same size
 * for each worker. Each is a process of its own, with a GPU of its own or a share of the
 * processors, which is as large for one worker as for many.
 */
final class ScaleBenchmark {
  private final ScaleSettings settings;
  private final Consumer<String> progress;
  private final int processors; // of a worker

  ScaleBenchmark(ScaleSettings settings, Consumer<String> progress) {
    this.settings = settings;
    this.progress = progress;
    int most = settings.workers().stream().mapToInt(Integer::intValue).max().orElseThrow();
    if (settings.cuda()) {
      int cards = CudaDevice.all().size();
      if (most > cards) {
        throw new IllegalArgumentException(
            "workers=%d: each needs a GPU, and this machine has %d".formatted(most, cards));
      }
    }
    processors = Math.max(1, Runtime.getRuntime().availableProcessors() / most);
  }

  /**
   * Measures everything; a row for each case and number of workers, as soon as it is measured. One
   * worker sends nothing, so it is measured once for all ways of sending.
   */
  void run(Consumer<ScaleRow> rows) {
    var alone = new HashMap<ScaleCase, Double>(); // seconds of a step
    for (ScaleCase what : settings.cases()) {
      for (int workers : settings.workers()) {
        ScaleCase measured = workers == 1 ? what.alone() : what;
        if (workers == 1 && alone.containsKey(measured)) {
          continue;
        }
        progress.accept("%s, workers=%d".formatted(measured, workers));
        ScaleRow row = row(measured, workers, alone.get(what.alone()));
        rows.accept(row);
        if (workers == 1 && row.seconds() != null) {
          alone.put(measured, row.seconds());
        }
      }
    }
  }

  /**
   * @param alone a step of one worker, seconds; null where it was not measured
   */
  private ScaleRow row(ScaleCase what, int workers, @Nullable Double alone) {
    ScaleWorker.Figures figures = measured(what, workers);
    long parameters = what.config().parameterCount();
    long tokens = workers * what.batch() * what.sequence();
    Double seconds = figures.seconds();
    Double waited = figures.waitedSeconds();
    Long kept = figures.kept();
    long size = what.wire().bytes();
    return new ScaleRow(
        what.cuda() ? CudaDevice.of(0).name() : "cpu, " + processors + " processors a worker",
        workers,
        what.label(),
        parameters,
        what.execution(),
        what.sparsity(),
        what.wireName(),
        what.overlap(),
        what.shared(),
        what.checkpointing(),
        tokens,
        figures.obstacle(),
        seconds,
        seconds == null ? null : tokens / seconds,
        seconds == null || alone == null || workers == 1 ? null : alone / seconds,
        kept == null ? null : predicted(what, workers, kept, alone),
        figures.bytes(),
        kept == null ? null : kept * size,
        kept == null ? null : parameters * size,
        waited == null || seconds == null ? null : waited / seconds,
        figures.memoryBytes());
  }

  /** Seconds of a step by the cost model; null without a bandwidth, or a step of one worker. */
  private @Nullable Double predicted(
      ScaleCase what, int workers, long kept, @Nullable Double alone) {
    Double bandwidth = settings.bandwidth();
    if (bandwidth == null || alone == null || workers < 2) {
      return null;
    }
    long size = what.wire().bytes();
    var cost =
        new ScaleCost(
            workers,
            kept * size,
            what.config().parameterCount() * size,
            what.shared() ? kept * Float.BYTES : 0,
            alone,
            bandwidth);
    return what.overlap() ? cost.stepSeconds() : cost.stepSecondsWithoutOverlap();
  }

  private ScaleWorker.Figures measured(ScaleCase what, int workers) {
    var running = new ArrayList<Process>();
    try {
      int port = freePort();
      for (int rank = 0; rank < workers; rank++) {
        running.add(start(what, rank, workers, port));
      }
      String output =
          new String(running.getFirst().getInputStream().readAllBytes(), StandardCharsets.UTF_8)
              .strip();
      for (Process worker : running) {
        int status = worker.waitFor();
        if (status != 0) {
          return ScaleWorker.Figures.none("a worker ended with status " + status);
        }
      }
      return figures(output);
    } catch (IOException e) {
      throw new IllegalStateException("workers cannot be started", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    } finally {
      running.forEach(Process::destroyForcibly);
    }
  }

  /** Gloo and NCCL write lines of their own before and after it. */
  private static ScaleWorker.Figures figures(String output) throws IOException {
    String line = output.lines().filter(each -> each.startsWith("{")).findFirst().orElse("");
    return line.isEmpty()
        ? ScaleWorker.Figures.none("the first worker gave no figures: " + output)
        : Json.read(line.getBytes(StandardCharsets.UTF_8), ScaleWorker.Figures.class);
  }

  private static int freePort() throws IOException {
    try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  private Process start(ScaleCase what, int rank, int workers, int port) throws IOException {
    var command = new ArrayList<String>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
    command.add("-XX:ActiveProcessorCount=" + processors);
    command.addAll(
        List.of(
            "-cp",
            System.getProperty("java.class.path"),
            ScaleWorker.class.getName(),
            Integer.toString(rank),
            Integer.toString(workers),
            Integer.toString(port)));
    command.addAll(what.arguments());
    var builder = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT);
    if (rank > 0) {
      builder.redirectOutput(ProcessBuilder.Redirect.DISCARD);
    }
    builder.environment().put("OMP_NUM_THREADS", Integer.toString(processors));
    if (what.cuda()) {
      builder.environment().put("CUDA_VISIBLE_DEVICES", Integer.toString(rank));
      builder.environment().putIfAbsent("PYTORCH_ALLOC_CONF", "expandable_segments:True");
    }
    return builder.start();
  }
}
