package dev.filigree.sparsity;

import dev.filigree.config.ConfigMap;
import dev.filigree.config.ConfigNode;
import dev.filigree.mask.ScoreShaper;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Score shapers by their configuration keys: {@code balance_in_groups: 4}, {@code
 * balance_out_groups: 4}, {@code n_of_m: "2:4"}, {@code block: {rows: 4, columns: 4, pool: mean}},
 * {@code channel: rows}. A block gives at most one of them.
 */
final class Shapers {
  private enum Channel {
    ROWS,
    COLUMNS
  }

  private Shapers() {}

  static Optional<ScoreShaper> parse(ConfigMap block) {
    var found = new ArrayList<ScoreShaper>();
    Optional<ConfigNode> inputs = block.get("balance_in_groups");
    Optional<ConfigNode> outputs = block.get("balance_out_groups");
    Optional<ConfigNode> pattern = block.get("n_of_m");
    Optional<ConfigNode> blocks = block.get("block");
    Optional<ConfigNode> channel = block.get("channel");
    inputs.ifPresent(node -> found.add(ScoreShaper.inputGroups(positive(node))));
    outputs.ifPresent(node -> found.add(ScoreShaper.outputGroups(positive(node))));
    pattern.ifPresent(node -> found.add(nOfM(node)));
    blocks.ifPresent(node -> found.add(blocks(node.asMap())));
    channel.ifPresent(node -> found.add(channel(node)));
    if (found.size() > 1) {
      throw block.error(
          "give at most one of balance_in_groups, balance_out_groups, n_of_m, block, channel");
    }
    return found.stream().findFirst();
  }

  private static long positive(ConfigNode node) {
    long value = node.asLong();
    if (value < 1) {
      throw node.error("must be at least 1, found " + value);
    }
    return value;
  }

  private static ScoreShaper nOfM(ConfigNode node) {
    List<String> parts = List.of(node.asString().split(":"));
    if (parts.size() == 2 && parts.stream().allMatch(part -> part.matches("[1-9][0-9]{0,5}"))) {
      long n = Long.parseLong(parts.getFirst());
      long m = Long.parseLong(parts.getLast());
      if (n <= m) {
        return ScoreShaper.nOfM(n, m);
      }
    }
    throw node.error("expected N:M with 1 <= N <= M, such as 2:4, found " + node.kind());
  }

  private static ScoreShaper blocks(ConfigMap map) {
    var shaper =
        ScoreShaper.blocks(
            positive(map.require("rows")),
            positive(map.require("columns")),
            map.get("pool")
                .map(node -> node.asEnum(ScoreShaper.Pool.class))
                .orElse(ScoreShaper.Pool.MEAN));
    map.rejectUnknown();
    return shaper;
  }

  private static ScoreShaper channel(ConfigNode node) {
    return switch (node.asEnum(Channel.class)) {
      case ROWS -> ScoreShaper.rows(ScoreShaper.Pool.MEAN);
      case COLUMNS -> ScoreShaper.columns(ScoreShaper.Pool.MEAN);
    };
  }
}
