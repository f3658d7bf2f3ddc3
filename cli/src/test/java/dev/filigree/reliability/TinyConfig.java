package dev.filigree.reliability;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.filigree.zoo.train.checkpoint.Checkpoints;
import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** A run whose steps take milliseconds: a Llama of one small layer, RigL at 75 %. */
final class TinyConfig {
  private static final int TAIL_BYTES = 4096;
  private static final ObjectMapper JSON = new ObjectMapper();

  private TinyConfig() {}

  /**
   * Writes the configuration, and the text that it trains on.
   *
   * @param folder for both
   */
  static Path write(Path folder) throws IOException {
    Files.createDirectories(folder.resolve("text"));
    String text =
        IntStream.range(0, 400)
            .mapToObj(i -> "line " + i * i + " of the text, which counts on.\n")
            .collect(Collectors.joining());
    for (int i = 0; i < 8; i++) {
      Files.writeString(folder.resolve("text/part" + i + ".txt"), i + "\n" + text);
    }
    return Files.writeString(
        folder.resolve("tiny.yaml"), yaml(folder.resolve("text"), folder.resolve("cache")));
  }

  static String yaml(Path text, Path cache) {
    return """
    trainer:
      init:
        device: cpu
        execution: masked
        model: {name: llama, vocab_size: 256, hidden_size: 16, num_hidden_layers: 1, num_heads: 2,
          filter_size: 24, max_position_embeddings: 32, position_embedding_type: rotary,
          norm_type: rmsnorm, nonlinearity: swiglu, use_projection_bias_in_attention: false,
          use_ffn_bias_in_attention: false, use_ffn_bias: false, share_embedding_weights: true,
          dropout_rate: 0.1}
        optimizer: {AdamW: {betas: [0.9, 0.95], weight_decay: 0.1}}
        schedulers: 2.0e-3
        precision: {enabled: false, max_gradient_norm: 1.0}
        sparsity:
          algorithm: rigl
          sparsity: 0.75
          drop_fraction: {type: cosine, init: 0.5, half_period: 1500}
          update: {freq: 7}
        loop: {max_steps: 1500, eval_frequency: 100, eval_steps: 2}
        checkpoint: {steps: 5, keep: 3, save_initial_checkpoint: true}
      fit:
        train_dataloader: {data_dir: "%s", batch_size: 2, max_sequence_length: 32,
          validation_fraction: 0.2, cache_dir: "%s"}
    """
        .formatted(text, cache);
  }

  /** The rows of metrics.jsonl without what a clock measured, and without where it was made. */
  static List<Map<String, Object>> rows(Path run) throws IOException {
    var rows = new ArrayList<Map<String, Object>>();
    for (String line : Files.readAllLines(run.resolve("metrics.jsonl"))) {
      Map<String, Object> row = JSON.readValue(line, new TypeReference<Map<String, Object>>() {});
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

  /** The end of a file, longer than a line. */
  private static String tail(Path file) throws IOException {
    try (var channel = FileChannel.open(file)) {
      channel.position(Math.max(0, channel.size() - TAIL_BYTES));
      return new String(
          Channels.newInputStream(channel).readNBytes(2 * TAIL_BYTES), StandardCharsets.UTF_8);
    }
  }

  /** The step of the last whole line of metrics.jsonl; -1 where there is none. */
  static long lastStep(Path run) throws IOException {
    Path file = run.resolve("metrics.jsonl");
    if (!Files.exists(file)) {
      return -1;
    }
    String text = tail(file);
    int end = text.lastIndexOf('\n');
    int start = end < 0 ? -1 : text.lastIndexOf('\n', end - 1);
    return end < 0 ? -1 : JSON.readTree(text.substring(start + 1, end)).path("step").asLong(-1);
  }

  /** The step of a run's newest whole checkpoint. */
  static long savedStep(Path run) throws IOException {
    Path newest = Checkpoints.newestWhole(run).checkpoint().orElseThrow();
    return Long.parseLong(newest.getFileName().toString().substring("step-".length()));
  }

  /** Goes on with a run until a step, in a process of its own, which must end well. */
  static void resume(Path folder, Path run, long step) throws Exception {
    String[] arguments = {
      "train", "--quiet", "--resume", run.toString(), "--steps", Long.toString(step)
    };
    try (Child child = Child.start(folder, List.of(), arguments)) {
      assertThat(child.exitCode()).describedAs(child.output()).isZero();
    }
  }
}
