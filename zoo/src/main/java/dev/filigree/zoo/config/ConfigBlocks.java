package dev.filigree.zoo.config;

import dev.filigree.config.ConfigMap;
import dev.filigree.config.ConfigNode;
import java.util.List;
import java.util.Map;

/** What the readers of blocks share. */
final class ConfigBlocks {
  private ConfigBlocks() {}

  /** Notes, for each of the keys that the block has, why it is left out. */
  static void leaveOut(ConfigMap block, Map<String, String> reasons, List<String> notes) {
    block.allow(reasons.keySet().toArray(String[]::new));
    for (String key : block.entries().keySet()) { // in the order of the file
      String reason = reasons.get(key);
      if (reason != null) {
        block.note(key, reason, notes);
      }
    }
  }

  /** The one entry of a map such as {@code AdamW: {...}}. */
  static Map.Entry<String, ConfigNode> single(ConfigNode node, String what) {
    Map<String, ConfigNode> entries = node.asMap().entries();
    if (entries.size() != 1) {
      throw node.error("expected one " + what + ", found " + entries.keySet());
    }
    return entries.entrySet().iterator().next();
  }
}
