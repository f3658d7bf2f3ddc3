package dev.filigree.bench;

import dev.filigree.cuda.CudaDevice;
import dev.filigree.io.Json;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Whole training steps of Llama models on a GPU, dense, masked and compressed: forward in bfloat16,
 * loss, backward, clipping at norm 1, AdamW; sparse models change their masks by RigL. Each case
 * has a process of its own, whose memory is its own.
 */
final class GpuStepBenchmark {
  private static final double H100_PEAK = 989.5e12;

  private final GpuStepSettings settings;
  private final Consumer<String> progress;

  GpuStepBenchmark(GpuStepSettings settings, Consumer<String> progress) {
    CudaDevice.obstacle()
        .ifPresent(
            reason -> {
              throw new IllegalArgumentException("device=cuda: " + reason);
            });
    this.settings = settings;
    this.progress = progress;
  }

  /** Measures everything; a row for each case, as soon as it is measured. */
  void run(Consumer<GpuStepRow> rows) {
    for (GpuModel model : settings.models()) {
      for (String execution : settings.executions()) {
        List<Double> sparsities =
            execution.equals(GpuStepSettings.DENSE) ? List.of(0.0) : settings.sparsities();
        for (double sparsity : sparsities) {
          progress.accept("%s, %s, sparsity %s".formatted(model.label(), execution, sparsity));
          rows.accept(row(model, execution, sparsity));
        }
      }
    }
  }

  private GpuStepRow row(GpuModel model, String execution, double sparsity) {
    GpuStepCase.Figures figures;
    @Nullable String obstacle = null;
    try {
      figures = measured(model, execution, sparsity);
      obstacle = figures.obstacle();
    } catch (IOException e) {
      throw new IllegalStateException("a case cannot be measured", e);
    }
    String gpu = CudaDevice.of(0).name();
    Double seconds = figures.seconds();
    Double rate =
        seconds == null
            ? null
            : model.operationsPerToken(settings.sequence()) * settings.tokens() / seconds;
    boolean known = gpu.contains("H100") || gpu.contains("H200");
    return new GpuStepRow(
        gpu,
        model.label(),
        model.config(settings.sequence()).parameterCount(),
        settings.tokens(),
        execution,
        sparsity,
        obstacle,
        seconds,
        seconds == null ? null : settings.tokens() / seconds,
        rate == null ? null : rate / 1e12,
        rate == null || !known ? null : rate / H100_PEAK,
        figures.memoryBytes(),
        figures.maskUpdateSeconds());
  }

  private GpuStepCase.Figures measured(GpuModel model, String execution, double sparsity)
      throws IOException {
    var command = new ArrayList<String>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
    command.addAll(
        List.of(
            "-cp",
            System.getProperty("java.class.path"),
            GpuStepCase.class.getName(),
            model.label(),
            execution,
            Double.toString(sparsity),
            Long.toString(settings.batch()),
            Long.toString(settings.sequence()),
            Integer.toString(settings.rounds()),
            Boolean.toString(settings.checkpointing())));
    var builder = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT);
    // What the allocator has reserved is then what it needs: pieces are not of fixed sizes.
    builder.environment().putIfAbsent("PYTORCH_ALLOC_CONF", "expandable_segments:True");
    Process process = builder.start();
    String output =
        new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
    try {
      int status = process.waitFor();
      if (status != 0) {
        return GpuStepCase.Figures.none("the process that trains ended with status " + status);
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
    String last = output.substring(output.lastIndexOf('\n') + 1);
    return Json.read(last.getBytes(StandardCharsets.UTF_8), GpuStepCase.Figures.class);
  }

  static String footer(List<GpuStepRow> rows) {
    return String.format(
        Locale.ROOT,
        "On %s. TFLOP/s: the dense model's arithmetic over the time. update: what a step with a mask"
            + " update takes longer. memory: all that the process took of the card.%n",
        rows.getLast().gpu());
  }
}
