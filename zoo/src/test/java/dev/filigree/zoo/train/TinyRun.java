package dev.filigree.zoo.train;

import dev.filigree.io.Json;
import dev.filigree.zoo.config.RunConfig;
import dev.filigree.zoo.train.event.RunSummary;
import dev.filigree.zoo.train.log.RunLogs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** A run that takes a second: a Llama of two small layers on generated text. */
final class TinyRun {
  private final Path folder;

  /**
   * @param folder an empty one, for the text and the token cache
   */
  TinyRun(Path folder) throws IOException {
    this.folder = folder;
    String text =
        IntStream.range(0, 400)
            .mapToObj(i -> "line " + i * i + " of the text, which counts on.\n")
            .collect(Collectors.joining());
    Files.createDirectories(folder.resolve("text"));
    for (int i = 0; i < 8; i++) {
      Files.writeString(folder.resolve("text/part" + i + ".txt"), i + "\n" + text);
    }
  }

  /** RigL at 75 %, updated every four steps; two micro-batches of two, accumulated twice. */
  RunConfig config(String... overrides) {
    return RunConfig.parse(
        """
        trainer:
          init:
            device: cpu
            execution: masked
            model: {name: llama, vocab_size: 256, hidden_size: 32, num_hidden_layers: 2, num_heads: 2,
              filter_size: 48, max_position_embeddings: 32, position_embedding_type: rotary,
              norm_type: rmsnorm, nonlinearity: swiglu, use_projection_bias_in_attention: false,
              use_ffn_bias_in_attention: false, use_ffn_bias: false, share_embedding_weights: false,
              dropout_rate: 0.0}
            optimizer: {AdamW: {betas: [0.9, 0.95], weight_decay: 0.1}}
            schedulers:
            - SequentialLR:
                schedulers:
                - LinearLR: {initial_learning_rate: 1.0e-3, end_learning_rate: 1.0e-2, total_iters: 4}
                - CosineDecayLR: {initial_learning_rate: 1.0e-2, end_learning_rate: 1.0e-3, total_iters: 20}
            precision: {enabled: false, max_gradient_norm: 1.0}
            sparsity:
              algorithm: rigl
              sparsity: 0.75
              drop_fraction: {type: cosine, init: 0.5, half_period: 20}
              update: {freq: 4, stop: 20}
            loop: {max_steps: 12, eval_frequency: 6, eval_steps: 2, grad_accum_steps: 2}
            checkpoint: {steps: 0}
          fit:
            train_dataloader: {data_dir: "%s", batch_size: 4, micro_batch_size: 2,
              max_sequence_length: 32, validation_fraction: 0.2, cache_dir: "%s"}
        """
            .formatted(folder.resolve("text"), folder.resolve("cache")),
        "tiny.yaml",
        List.of(overrides));
  }

  /** Trains a new run into a directory. */
  RunSummary train(Path directory, String... overrides) {
    try (Trainer trainer = Trainer.start(config(overrides), directory)) {
      return trainer.run();
    }
  }

  static RunSummary resume(Path directory, String... overrides) {
    try (Trainer trainer = Trainer.resume(directory, List.of(overrides))) {
      return trainer.run();
    }
  }

  /** The rows of metrics.jsonl without what a clock measured, and without where it was made. */
  static List<Map<String, Object>> rows(Path directory) throws IOException {
    var rows = new ArrayList<Map<String, Object>>();
    for (String line : Files.readAllLines(directory.resolve(RunLogs.METRICS))) {
      Map<String, Object> row =
          Json.readMap(line.getBytes(java.nio.charset.StandardCharsets.UTF_8));
      row.keySet()
          .removeAll(
              List.of(
                  "tokens_per_second",
                  "pictures_per_second",
                  "step_seconds",
                  "seconds",
                  "wall_seconds",
                  "cpu_seconds",
                  "seconds_since_step",
                  "peak_memory_bytes"));
      if (!List.of("start", "resume").contains(row.get("event"))) {
        rows.add(row);
      }
    }
    return rows;
  }

  /** A number of a row. */
  static double number(Map<String, Object> row, String key) {
    if (row.get(key) instanceof Number number) {
      return number.doubleValue();
    }
    throw new AssertionError("no number '" + key + "' in " + row);
  }

  static List<Map<String, Object>> rows(Path directory, String event) throws IOException {
    return rows(directory).stream().filter(row -> event.equals(row.get("event"))).toList();
  }
}
