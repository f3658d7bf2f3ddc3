package dev.filigree.zoo.train;

import dev.filigree.io.Failures;
import dev.filigree.optim.Replica;
import dev.filigree.zoo.config.RunConfig;
import dev.filigree.zoo.data.DataConfig;
import dev.filigree.zoo.data.DataException;
import dev.filigree.zoo.data.DataLoader;
import dev.filigree.zoo.data.DataSources;
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
  /**
   * @param replica whose share of the training data; validation sets are shared out as they are
   *     read
   */
  static RunData open(RunConfig config, Replica replica) {
    DataLoader train = loader("train_dataloader", config.trainData(), replica);
    var validation = new LinkedHashMap<String, DataLoader>();
    config
        .validationData()
        .forEach(
            (name, data) ->
                validation.put(
                    name,
                    loader(
                        "val_dataloader" + (name.isEmpty() ? "" : "." + name),
                        data,
                        Replica.alone())));
    return new RunData(train, validation);
  }

  /** {@code block} names the data in errors. */
  private static DataLoader loader(String block, DataConfig data, Replica replica) {
    try {
      return DataSources.loader(data, replica);
    } catch (DataException e) {
      throw new DataException(block + ": " + e.getMessage(), e);
    } catch (IOException e) {
      throw new TrainingException(
          block + ": " + data.where() + " cannot be read: " + Failures.reason(e), e);
    }
  }

  /** Refuses data that the network does not take, see {@link DataFit}. */
  void requireFit(Model model) {
    DataFit.require(model, train);
    validation.values().forEach(data -> DataFit.require(model, data));
  }
}
