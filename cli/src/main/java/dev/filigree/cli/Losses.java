package dev.filigree.cli;

import dev.filigree.config.Records;
import dev.filigree.zoo.data.DataConfig;
import dev.filigree.zoo.data.DataLoader;
import dev.filigree.zoo.data.DataSources;
import dev.filigree.zoo.data.Split;
import dev.filigree.zoo.model.LanguageModel;
import dev.filigree.zoo.model.Model;
import dev.filigree.zoo.train.DataFit;
import dev.filigree.zoo.train.Evaluator;
import dev.filigree.zoo.train.event.Unit;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Loss of a network on data; perplexity and bits per byte for text, accuracy for pictures. */
final class Losses {
  private static final int MOST_SEQUENCES = 16;

  /** Logits of one batch, for the memory that they take: 256 MB. */
  private static final long MOST_LOGITS = 1 << 26;

  /** Tokens that a network sees at once; of a longer context the rest stays unused. */
  private static final long MOST_TOKENS = 4096;

  private Losses() {}

  /**
   * The figures of validation data by name.
   *
   * @param batches the most to use; 0 for all
   */
  static Map<String, Object> of(Model model, DataConfig data, long batches) throws IOException {
    DataLoader loader = DataSources.loader(data);
    DataFit.require(model, loader);
    Evaluator.Result result = new Evaluator(model).evaluate(loader, batches);
    var figures = new LinkedHashMap<String, Object>();
    figures.put("loss", result.loss());
    Double accuracy = result.accuracy();
    if (accuracy != null) {
      figures.put("accuracy", accuracy);
      figures.put(Unit.PICTURES.plural(), result.positions());
      return figures;
    }
    if (Unit.of(model) == Unit.POSITIONS) {
      figures.put(Unit.POSITIONS.plural(), result.positions());
      return figures;
    }
    figures.put("perplexity", result.perplexity());
    loader
        .dataset()
        .text()
        .ifPresent(info -> figures.put("bits_per_byte", info.bitsPerByte(result.loss())));
    figures.put(Unit.TOKENS.plural(), result.positions());
    return figures;
  }

  /** The figures of a file, or of all files below a folder. */
  static Map<String, Object> ofText(TextModel model, Path text, long batches) throws IOException {
    if (!Files.exists(text)) {
      throw new UsageException(text + ": no such file; give a text or a folder of texts");
    }
    LanguageModel network = model.network();
    int length = (int) Math.min(network.contextLength(), MOST_TOKENS);
    long most = MOST_LOGITS / (network.vocabularySize() * length);
    var data =
        Records.with(
            DataConfig.defaults().forEvaluation(),
            Map.of(
                "dataDirs",
                List.of(text.toString()),
                "split",
                Split.ALL,
                "tokenizer",
                model.tokenizer().name(),
                "maxSequenceLength",
                length,
                "batchSize",
                Math.clamp(most, 1, MOST_SEQUENCES)));
    return Map.of("text", of(network, data, batches));
  }
}
