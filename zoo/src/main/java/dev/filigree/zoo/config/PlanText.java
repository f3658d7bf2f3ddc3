package dev.filigree.zoo.config;

import java.util.Locale;

/** A plan as a table for people. */
final class PlanText {
  private PlanText() {}

  static String of(RunPlan plan) {
    var text = new StringBuilder();
    line(
        text,
        "%-10s %s, %,d parameters, %,d of them kept",
        "model",
        plan.model(),
        plan.parameters(),
        plan.keptParameters());
    plan.start().ifPresent(path -> line(text, "%-10s from the weights of %s", "start", path));
    if (plan.sparseParameters() > 0) {
      line(
          text,
          "%-10s %,d parameters, %,d kept: %.2f %%",
          "sparse",
          plan.sparseParameters(),
          plan.keptSparseParameters(),
          100 * (1 - (double) plan.keptSparseParameters() / plan.sparseParameters()));
    } else {
      line(text, "%-10s nothing: a dense run", "sparse");
    }
    if (plan.tokensPerStep() > 0) {
      line(
          text,
          "%-10s %,d, %,d tokens each, %,d tokens in all",
          "steps",
          plan.steps(),
          plan.tokensPerStep(),
          plan.tokens());
    } else {
      line(text, "%-10s %,d, %,d samples each", "steps", plan.steps(), plan.samplesPerStep());
    }
    line(text, "%-10s %s", "rate", plan.learningRate());
    line(text, "%-10s %s", "validation", plan.validation());
    line(
        text,
        "%-10s a checkpoint %sat the end",
        "saves",
        plan.checkpointSteps() == 0
            ? ""
            : String.format(Locale.ROOT, "every %,d steps and ", plan.checkpointSteps()));
    memory(text, plan.onGpu(), "dense", plan.dense());
    if (plan.sparseParameters() > 0) {
      memory(text, plan.onGpu(), "masked", plan.masked());
      memory(text, plan.onGpu(), "compressed", plan.compressed());
    }
    if (plan.onGpu()) {
      line(
          text,
          "%-10s %s, the largest parameter, beside the program itself",
          "host",
          size(plan.hostBesideGpu()));
    }
    disk(text, plan);
    layers(text, plan);
    plan.warnings().forEach(warning -> line(text, "warning: %s", warning));
    plan.notes().forEach(note -> line(text, "note: %s", note));
    return text.toString();
  }

  private static void memory(
      StringBuilder text, boolean onGpu, String execution, MemoryPlan memory) {
    line(
        text,
        "%-10s %s %s: weights %s, gradients %s, optimizer %s%s%s; without activations",
        onGpu ? "GPU" : "memory",
        execution,
        size(memory.total()),
        size(memory.weights()),
        size(memory.gradients()),
        size(memory.optimizerState()),
        memory.masks() == 0 ? "" : ", masks " + size(memory.masks()),
        memory.ages() == 0 ? "" : ", ages " + size(memory.ages()));
  }

  private static void disk(StringBuilder text, RunPlan plan) {
    DiskPlan disk = plan.disk();
    line(
        text,
        "%-10s %s: %s of %s, weights %s, optimizer %s%s",
        "disk",
        size(disk.total()),
        disk.checkpoints() == 1 ? "1 checkpoint" : disk.checkpoints() + " checkpoints",
        size(disk.each()),
        size(disk.compressed() ? disk.keptWeights() : disk.denseWeights()),
        size(disk.optimizerState()),
        disk.masks() == 0
            ? ""
            : ", masks %s%s"
                .formatted(
                    size(disk.masks()),
                    disk.compressed()
                        ? ""
                        : "; weights %s with checkpoint.weights: compressed"
                            .formatted(size(disk.keptWeights()))));
  }

  private static void layers(StringBuilder text, RunPlan plan) {
    int width = plan.layers().stream().mapToInt(layer -> layer.name().length()).max().orElse(0);
    String row = "%-" + width + "s  %-16s %-8s %9s %14s";
    line(text, "");
    line(text, row, "parameter", "shape", "method", "sparsity", "kept");
    for (RunPlan.Layer layer : plan.layers()) {
      String shape = String.join(" × ", layer.shape().stream().map(String::valueOf).toList());
      line(
          text,
          row,
          layer.name(),
          shape,
          layer.algorithm(),
          sparsity(layer),
          String.format(Locale.ROOT, "%,d", layer.kept()));
    }
    line(text, "");
  }

  private static String sparsity(RunPlan.Layer layer) {
    if (!layer.isSparse()) {
      return "";
    }
    return layer.initialSparsity() == layer.finalSparsity()
        ? String.format(Locale.ROOT, "%.1f %%", 100 * layer.finalSparsity())
        : String.format(
            Locale.ROOT,
            "%.0f-%.1f %%",
            100 * layer.initialSparsity(),
            100 * layer.finalSparsity());
  }

  private static String size(long bytes) {
    return bytes < 10_000_000_000L
        ? String.format(Locale.ROOT, "%.1f MB", bytes / 1e6)
        : String.format(Locale.ROOT, "%.1f GB", bytes / 1e9);
  }

  @SuppressWarnings("AnnotateFormatMethod") // the annotation would be a dependency of its own
  private static void line(StringBuilder text, String format, Object... arguments) {
    text.append(String.format(Locale.ROOT, format, arguments).stripTrailing()).append('\n');
  }
}
