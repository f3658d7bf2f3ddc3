package dev.filigree.cli;

import dev.filigree.zoo.config.RunConfig;
import dev.filigree.zoo.data.DataConfig;
import dev.filigree.zoo.data.DataException;
import dev.filigree.zoo.data.DocumentSources;
import dev.filigree.zoo.data.JdkSources;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The data of a planned run, and whether they are there. */
final class PlannedData {
  private PlannedData() {}

  /** A line for each place that data come from. */
  static List<String> lines(RunConfig config) {
    var lines = new ArrayList<String>();
    add(lines, "data", config.trainData());
    config
        .validationData()
        .forEach(
            (name, data) -> {
              if (!data.dataDirs().equals(config.trainData().dataDirs())) {
                add(lines, name.isEmpty() ? "val data" : "val " + name, data);
              }
            });
    return lines;
  }

  private static void add(List<String> lines, String name, DataConfig data) {
    if (data.dataDirs().isEmpty()) {
      lines.add("%-10s %s".formatted(name, data.processor()));
    }
    data.dataDirs().forEach(place -> lines.add("%-10s %s".formatted(name, state(place))));
  }

  private static String state(String place) {
    if (!place.equals(DocumentSources.JDK)) {
      return place + (Files.exists(Path.of(place)) ? ", is there" : ", is missing");
    }
    try {
      return "the JDK's sources, %s, is there".formatted(JdkSources.find());
    } catch (DataException e) {
      return "the JDK's sources, missing: install them or name a text of your own as data_dir";
    }
  }
}
