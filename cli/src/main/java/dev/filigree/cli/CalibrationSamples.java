package dev.filigree.cli;

import dev.filigree.config.Records;
import dev.filigree.zoo.data.DataConfig;
import dev.filigree.zoo.data.DataLoader;
import dev.filigree.zoo.data.DataSources;
import dev.filigree.zoo.data.Split;
import dev.filigree.zoo.model.LanguageModel;
import dev.filigree.zoo.train.DataFit;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Sequences of tokens that a network is calibrated with.
 *
 * @param tokens int64 [1, sequence] each
 * @param where the data are
 */
record CalibrationSamples(List<Tensor> tokens, String where) {
  /**
   * Draws samples without repetition.
   *
   * @param data a text, a folder of texts or of prepared tokens; null for what the network was
   *     trained on
   * @param most samples; fewer where the data hold fewer
   * @param length tokens of each; null for the shorter of the network's context and 2,048
   */
  static CalibrationSamples draw(
      TrainedNetwork network, @Nullable Path data, int most, @Nullable Integer length, long seed)
      throws IOException {
    if (!(network.model() instanceof LanguageModel language)) {
      throw new UsageException(
          network.directory()
              + ": only language models are calibrated; --algorithm magnitude prunes any network,"
              + " without --data");
    }
    long context = language.contextLength();
    if (length != null && length > context) {
      throw new UsageException(
          "--length %d is more than the network's context of %d".formatted(length, context));
    }
    var values = new LinkedHashMap<String, Object>();
    values.put("maxSequenceLength", length == null ? (int) Math.min(context, 2048) : length);
    values.put("batchSize", 1);
    values.put("shuffle", true);
    values.put("shuffleSeed", seed);
    values.put("microBatchSize", 1);
    DataLoader loader = DataSources.loader(Records.with(base(network, data), values));
    DataFit.require(language, loader);
    int count = (int) Math.min(most, loader.dataset().size());
    var tokens = new ArrayList<Tensor>(count);
    for (int i = 0; i < count; i++) {
      tokens.add(loader.next().inputs());
    }
    return new CalibrationSamples(tokens, data == null ? "the training data" : data.toString());
  }

  /** Tokens of each. */
  long length() {
    return tokens.getFirst().size(1);
  }

  /** What a record of the pruning says of it. */
  Map<String, Object> toMap(long seed) {
    return Map.of("data", where, "samples", tokens.size(), "length", length(), "seed", seed);
  }

  private static DataConfig base(TrainedNetwork network, @Nullable Path data) {
    if (data == null) {
      return network
          .config()
          .orElseThrow(
              () ->
                  new UsageException(network.directory() + ": does not know its data; give --data"))
          .trainData();
    }
    if (!Files.exists(data)) {
      throw new UsageException(data + ": no such file; give a text or a folder of texts");
    }
    return Records.with(
        DataConfig.defaults(),
        Map.of(
            "dataDirs",
            List.of(data.toString()),
            "split",
            Split.ALL,
            "tokenizer",
            network.text().tokenizer().name()));
  }
}
