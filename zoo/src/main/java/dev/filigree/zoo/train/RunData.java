package dev.filigree.zoo.train;

import dev.filigree.io.Failures;
import dev.filigree.zoo.config.RunConfig;
import dev.filigree.zoo.data.DataConfig;
import dev.filigree.zoo.data.DataException;
import dev.filigree.zoo.data.DataLoader;
import dev.filigree.zoo.data.DataSources;
import dev.filigree.zoo.model.ImageClassifier;
import dev.filigree.zoo.model.LanguageModel;
import dev.filigree.zoo.model.Model;
import dev.filigree.zoo.train.event.TrainingException;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The data of a run.
 *
 * @param train what it trains on
 * @param validation the validation sets by name
 */
record RunData(DataLoader train, Map<String, DataLoader> validation) {
  static RunData open(RunConfig config) {
    DataLoader train = loader("train_dataloader", config.trainData());
    var validation = new LinkedHashMap<String, DataLoader>();
    config
        .validationData()
        .forEach(
            (name, data) ->
                validation.put(
                    name, loader("val_dataloader" + (name.isEmpty() ? "" : "." + name), data)));
    return new RunData(train, validation);
  }

  /** {@code block} names the data in errors. */
  private static DataLoader loader(String block, DataConfig data) {
    try {
      return DataSources.loader(data);
    } catch (DataException e) {
      throw new DataException(block + ": " + e.getMessage(), e);
    } catch (IOException e) {
      throw new TrainingException(
          block + ": " + data.dataDirs() + " cannot be read: " + Failures.reason(e), e);
    }
  }

  /**
   * Checks all ids that are read from here on.
   *
   * @param model that must know them
   */
  void requireKnownIds(Model model) {
    requireKnownIds(model, train);
    validation.values().forEach(data -> requireKnownIds(model, data));
  }

  private static void requireKnownIds(Model model, DataLoader data) {
    switch (model) {
      case LanguageModel language -> data.ids(language.vocabularySize(), "model.vocab_size");
      case ImageClassifier pictures -> data.ids(pictures.classes(), "model.num_classes");
      default -> {}
    }
  }
}
