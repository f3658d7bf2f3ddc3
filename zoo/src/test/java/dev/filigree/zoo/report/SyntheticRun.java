package dev.filigree.zoo.report;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;

/** A run directory made up: loss curves, mask updates and masks as a real run leaves them. */
final class SyntheticRun {
  static final List<String> PARAMETERS =
      List.of(
          "model.layers.0.self_attn.q_proj.weight",
          "model.layers.0.mlp.up_proj.weight",
          "model.layers.1.mlp.down_proj.weight");

  /** Of a step. */
  static final double FLOPS = 3e9;

  private SyntheticRun() {}

  static void write(Path runDir, long steps, long seed) throws IOException {
    var random = new Random(seed);
    var lines = new ArrayList<String>();
    for (long step = 1; step <= steps; step++) {
      double loss = 2.1 + 8 * Math.exp(-step / (steps * 0.12)) + 0.12 * random.nextGaussian();
      lines.add(trainRow(step, loss, random.nextGaussian(), steps));
      if (step % (steps / 20) == 0) {
        for (String parameter : PARAMETERS) {
          long moved = Math.round(2400 * (1 + Math.cos(Math.PI * step / steps)));
          lines.add(updateRow(step, parameter, moved, moved));
        }
        lines.add(agesRow(step));
        lines.add(
            String.format(
                Locale.ROOT, "{\"event\":\"eval\",\"step\":%d,\"loss\":%.4f}", step, loss + 0.15));
      }
    }
    lines.add(endRow(steps));
    Files.write(runDir.resolve("metrics.jsonl"), lines);
    Files.writeString(runDir.resolve("config.yaml"), "trainer:\n  init:\n    seed: 1\n");
    Files.writeString(
        runDir.resolve("sample.txt"),
        "public static <T> List<T> of(T... items) {\n  return new ArrayList<>(items);\n}\n");
  }

  static String trainRow(long step, double loss, double noise, long steps) {
    return String.format(
        Locale.ROOT,
        "{\"event\":\"train\",\"step\":%d,\"tokens\":%d,\"training_flops\":%.0f,\"loss\":%.4f,\"lr\":%.8f,"
            + "\"grad_norm\":%.3f,\"grad_norm_sparse\":%.3f,\"grad_norm_dense\":%.3f,\"sparsity\":0.8,"
            + "\"mean_density\":%.4f,\"tokens_per_second\":%.1f,\"step_seconds\":0.2}",
        step,
        step * 4096,
        step * FLOPS,
        loss,
        5e-4 * Math.min(1, step / 100.0) * (1.1 + Math.cos(Math.PI * step / steps)) / 2.1,
        1 + 0.2 * noise,
        0.8 * (1 + 0.2 * noise),
        0.6 * (1 + 0.2 * noise),
        0.2 + 0.3 / step,
        20_000 + 900 * noise);
  }

  static String updateRow(long step, String parameter, long dropped, long grown) {
    return """
    {"event":"mask_update","step":%d,"parameter":"%s","dropped":%d,"grown":%d,"kept":26214,\
    "target_sparsity":0.8,"sparsity":0.8,"age_mean":%d,"age_median":%d}"""
        .formatted(step, parameter, dropped, grown, step / 3, step / 4);
  }

  private static String agesRow(long step) {
    return """
    {"event":"weight_ages","step":%d,"age_mean":%d,"age_p10":%d,"age_median":%d,"age_p90":%d}"""
        .formatted(step, step / 3, step / 8, step / 4, step);
  }

  private static String endRow(long steps) {
    String layers =
        PARAMETERS.stream()
            .map(
                name ->
                    """
                    {"parameter":"%s","shape":[256,512],"kept":26214,"target_sparsity":0.8,\
                    "sparsity":%s}"""
                        .formatted(name, name.contains("down") ? "0.76" : "0.80001"))
            .reduce((a, b) -> a + "," + b)
            .orElseThrow();
    return """
    {"event":"end","ending":"FINISHED","steps":%d,"tokens":%d,"seconds":734.2,"train_loss":2.1043,\
    "eval_loss":2.2514,"bits_per_byte":0.913,"sparsity":0.7998,"target_sparsity":0.8,\
    "tokens_per_second":20311.4,"peak_memory_bytes":1890000000,"execution":"compressed",\
    "device":"cpu","layers":[%s]}"""
        .formatted(steps, steps * 4096, layers);
  }
}
