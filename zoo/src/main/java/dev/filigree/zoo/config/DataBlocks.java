package dev.filigree.zoo.config;

import dev.filigree.config.ConfigList;
import dev.filigree.config.ConfigMap;
import dev.filigree.config.ConfigNode;
import dev.filigree.config.Records;
import dev.filigree.zoo.data.DataConfig;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The blocks {@code train_dataloader} and {@code val_dataloader}: one set, or several. */
final class DataBlocks {
  private static final String VALIDATION = "val_dataloader";

  private DataBlocks() {}

  /**
   * The validation sets by name: a block is one without a name; a list names them 0, 1, ...; a map
   * of blocks, {name: {...}}, names them itself. An empty list is none; where nothing is said, what
   * the training data hold out validates.
   *
   * @param train what a set does not say
   * @param notes takes a line for training data that validate, and one where nothing does
   */
  static Map<String, DataConfig> validation(ConfigMap fit, DataConfig train, List<String> notes) {
    Optional<ConfigNode> node = fit.get(VALIDATION);
    if (node.isEmpty()) {
      Optional<DataConfig> heldOut = train.heldOut();
      if (heldOut.isEmpty()) {
        notes.add(
            fit.location()
                + ": no val_dataloader, and train_dataloader holds no part of its data out: the run"
                + " has no validation");
      }
      return heldOut.map(part -> Map.of("", part)).orElse(Map.of());
    }
    Map<String, DataConfig> sets = sets(node.get(), train.forEvaluation(), notes);
    sets.forEach(
        (name, set) -> {
          if (set.overlaps(train)) {
            notes.add(
                node.get().location()
                    + (name.isEmpty() ? "" : "." + name)
                    + ": validates on training data: "
                    + set.where());
          }
        });
    return sets;
  }

  private static Map<String, DataConfig> sets(
      ConfigNode node, DataConfig defaults, List<String> notes) {
    var sets = new LinkedHashMap<String, DataConfig>();
    switch (node) {
      case ConfigList list -> {
        for (ConfigNode item : list) {
          String name = list.items().size() == 1 ? "" : String.valueOf(sets.size());
          sets.put(name, DataConfig.read(item.asMap(), defaults, notes));
        }
      }
      case ConfigMap map when isNamedSets(map) ->
          map.entries()
              .forEach(
                  (name, item) -> sets.put(name, DataConfig.read(item.asMap(), defaults, notes)));
      case ConfigNode other -> sets.put("", DataConfig.read(other.asMap(), defaults, notes));
    }
    return sets;
  }

  private static boolean isNamedSets(ConfigMap map) {
    return !map.entries().isEmpty()
        && map.entries().values().stream().allMatch(ConfigMap.class::isInstance);
  }

  static Object toConfig(Map<String, DataConfig> sets) {
    if (sets.isEmpty()) {
      return List.of();
    }
    if (sets.keySet().equals(Set.of(""))) {
      return toConfig(sets.values().iterator().next());
    }
    var named = new LinkedHashMap<String, Object>();
    sets.forEach((name, set) -> named.put(name, toConfig(set)));
    return named;
  }

  static Map<String, Object> toConfig(DataConfig data) {
    Map<String, Object> block = Records.write(data);
    block.keySet().removeAll(Set.of("evaluation", "options")); // said by the block, and below
    if (data.dataDirs().isEmpty()) {
      block.remove("data_dir");
    }
    block.keySet().removeAll(data.keysWithoutEffect());
    block.putAll(Records.write(data.options()));
    return block;
  }
}
