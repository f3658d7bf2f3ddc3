package dev.filigree.zoo.train;

import dev.filigree.zoo.config.RunConfig;
import dev.filigree.zoo.train.event.RunSummary;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;

/** Runs of seconds on pictures: the files of CIFAR-10, with twenty random pictures each. */
final class TinyPictures {
  private static final int PICTURES = 20;
  private static final int BYTES = 3 * 32 * 32;

  /** Eleven million weights, quick on pictures of this size. */
  static final String RESNET = "{name: resnet18, num_classes: 10}";

  static final String MLP = "{name: fc_mnist, input_size: 3072, hidden_sizes: [32, 16]}";

  private final Path data;

  /**
   * @param folder an empty one, for the pictures
   */
  TinyPictures(Path folder) throws IOException {
    data = Files.createDirectories(folder.resolve("cifar"));
    var random = new Random(0);
    for (String name :
        List.of(
            "data_batch_1",
            "data_batch_2",
            "data_batch_3",
            "data_batch_4",
            "data_batch_5",
            "test_batch")) {
      var file = new ByteArrayOutputStream();
      for (int i = 0; i < PICTURES; i++) {
        byte[] pixels = new byte[BYTES];
        random.nextBytes(pixels);
        file.write(i % 10);
        file.writeBytes(pixels);
      }
      Files.write(data.resolve(name + ".bin"), file.toByteArray());
    }
  }

  /** RigL at 75 %, updated every two steps, for six steps. */
  RunConfig config(String model, String... overrides) {
    return RunConfig.parse(
        """
        trainer:
          init:
            device: cpu
            execution: masked
            model: %s
            optimizer: {SGD: {momentum: 0.9, weight_decay: 1.0e-4}}
            schedulers: 0.05
            precision: {enabled: false}
            sparsity:
              algorithm: rigl
              sparsity: 0.75
              init_method: random
              drop_fraction: 0.3
              update: {freq: 2}
            loop: {max_steps: 6, eval_frequency: 3, eval_steps: 0}
          fit:
            train_dataloader: {data_processor: Cifar10DataProcessor, data_dir: "%s", batch_size: 5,
              shuffle: true}
        """
            .formatted(model, data),
        "pictures.yaml",
        List.of(overrides));
  }

  RunSummary train(Path directory, String model, String... overrides) {
    try (Trainer trainer = Trainer.start(config(model, overrides), directory)) {
      return trainer.run();
    }
  }
}
