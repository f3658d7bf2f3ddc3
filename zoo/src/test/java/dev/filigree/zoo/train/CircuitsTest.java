package dev.filigree.zoo.train;

import static org.assertj.core.api.Assertions.assertThat;

import dev.filigree.mask.Masks;
import dev.filigree.zoo.config.RunConfig;
import dev.filigree.zoo.train.checkpoint.Checkpoint;
import dev.filigree.zoo.train.checkpoint.Checkpoints;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.bytedeco.javacpp.PointerScope;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The configuration of weight-sparse transformers, in tiny form. */
class CircuitsTest {
  @TempDir private Path folder;

  @Test
  void everyTensorButTheNormsEndsAsSparseAsItSays() throws IOException {
    Files.writeString(
        folder.resolve("text.txt"), "for each line of the text, one more.\n".repeat(400));
    RunConfig config =
        RunConfig.read(
            Path.of("../configs/circuits/sparse-999.yaml"),
            List.of(
                "model.hidden_size=32",
                "model.num_hidden_layers=2",
                "model.num_heads=4",
                "model.filter_size=128",
                "model.max_position_embeddings=32",
                "sparsity.sparsity.end=6",
                "sparsity.sparsity.target=0.99",
                "sparsity.update.stop=7",
                "precision.enabled=false",
                "loop={max_steps: 10, eval_frequency: 0}",
                "train_dataloader.data_dir=" + folder.resolve("text.txt"),
                "train_dataloader.cache_dir=" + folder.resolve("cache"),
                "train_dataloader.max_sequence_length=32",
                "train_dataloader.batch_size=2"));
    Path run = folder.resolve("run");
    try (Trainer trainer = Trainer.start(config, run);
        var _ = new PointerScope()) {
      assertThat(trainer.run().sparsity()).isBetween(0.989, 0.991);
      Checkpoint saved = Checkpoints.open(run);
      assertThat(saved.masks().keySet())
          .contains("transformer.wte.weight", "lm_head.weight", "transformer.h.1.attn.q_proj.bias")
          .noneMatch(name -> name.contains("ln_"));
      var tensors = saved.loadModel().tensors();
      saved
          .masks()
          .forEach(
              (name, mask) -> {
                assertThat(Masks.count(mask)).as(name).isEqualTo(mask.numel() / 100);
                assertThat(Objects.requireNonNull(tensors.get(name)).count_nonzero().item_long())
                    .as(name)
                    .isLessThanOrEqualTo(Masks.count(mask));
              });
    }
  }
}
