package dev.filigree.zoo.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.offset;

import dev.filigree.zoo.train.checkpoint.Checkpoint;
import dev.filigree.zoo.train.checkpoint.Checkpoints;
import java.io.IOException;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A run of the first format, stopped at step 10 of 20, must load in every later version. It was
 * made with {@code train source.yaml --quiet --out golden} beside the text below.
 */
class GoldenCheckpointTest {
  /** Mean loss over the validation text after step 10, and after step 20 where it went on. */
  private static final double LOSS_SAVED = 3.635224938392639;

  private static final double LOSS_AT_END = 3.2091363668441772;

  @TempDir Path folder;
  private Path run;

  @BeforeEach
  void copy() throws IOException, URISyntaxException {
    URL golden = GoldenCheckpointTest.class.getResource("/golden/checkpoint/config.yaml");
    Path original = Path.of(Objects.requireNonNull(golden).toURI()).resolveSibling(".").normalize();
    run = folder.resolve("run");
    try (Stream<Path> files = Files.walk(original)) {
      for (Path file : files.toList()) {
        Files.copy(file, run.resolve(original.relativize(file)));
      }
    }
    Files.createDirectories(folder.resolve("text"));
    String text =
        IntStream.range(0, 100)
            .mapToObj(i -> "line " + i * i + " of the text, which counts on.\n")
            .collect(Collectors.joining());
    for (int i = 0; i < 4; i++) {
      Files.writeString(folder.resolve("text/part" + i + ".txt"), i + "\n" + text);
    }
  }

  @Test
  void itsMasksAndStepAreRead() {
    Checkpoint checkpoint = Checkpoints.open(run);
    assertThat(checkpoint.step()).contains(10L);
    assertThat(checkpoint.config()).isPresent();
    assertThat(checkpoint.masks()).hasSize(14);
    checkpoint.loadModel();
  }

  @Test
  void itGoesOnToTheSameLosses() throws IOException {
    String text = folder.resolve("text").toString();
    String cache = folder.resolve("cache").toString();
    try (Trainer trainer =
        Trainer.resume(
            run,
            List.of(
                "loop.stop_at=20",
                "train_dataloader.data_dir=" + text,
                "val_dataloader.data_dir=" + text,
                "train_dataloader.cache_dir=" + cache,
                "val_dataloader.cache_dir=" + cache))) {
      assertThat(trainer.firstStep()).isEqualTo(10);
      // Other processors add in another order: near, not equal.
      assertThat(trainer.run().evalLoss()).isCloseTo(LOSS_AT_END, offset(0.02));
    }
    var evaluations = TinyRun.rows(run, "eval");
    assertThat(evaluations.get(1)).containsEntry("step", 10L);
    assertThat(TinyRun.number(evaluations.get(1), "loss")).isCloseTo(LOSS_SAVED, offset(1e-9));
    assertThat(TinyRun.number(evaluations.get(2), "loss")).isLessThan(LOSS_SAVED);
  }
}
