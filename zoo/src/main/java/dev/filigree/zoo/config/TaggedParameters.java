package dev.filigree.zoo.config;

import dev.filigree.config.ConfigMap;
import dev.filigree.config.ConfigNode;
import dev.filigree.config.Glob;
import dev.filigree.config.Key;
import dev.filigree.config.Records;
import dev.filigree.zoo.model.ParameterSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * Parameters with a name of their own, for schedules: {@code {params: "*.norm*", tag: norms}} below
 * the optimizer's {@code params}.
 *
 * @param patterns over whole names, the network's or the Model Zoo's, any of which may match
 * @param tag what {@code param_group_tags} of a scheduler calls them
 */
public record TaggedParameters(@Key("params") List<String> patterns, String tag) {
  private static final String PARAMS = "params";

  /** The patterns are copied. */
  public TaggedParameters {
    patterns = List.copyOf(patterns);
  }

  /** Reads the key {@code params} of an optimizer's block: a list, or one. */
  static List<TaggedParameters> read(ConfigMap block) {
    var all = new ArrayList<TaggedParameters>();
    Optional<ConfigNode> list = block.get(PARAMS);
    if (list.isPresent()) {
      for (ConfigNode item : list.get().asList()) {
        ConfigMap keys = item.asMap();
        all.add(Records.read(keys, TaggedParameters.class));
        keys.rejectUnknown();
      }
    }
    return all;
  }

  /** The tags of a parameter. */
  static Set<String> tags(List<TaggedParameters> all, ParameterSpec parameter) {
    var tags = new TreeSet<String>();
    all.stream().filter(each -> each.matches(parameter)).forEach(each -> tags.add(each.tag));
    return tags;
  }

  boolean matches(ParameterSpec parameter) {
    return patterns.stream()
        .map(Glob::new)
        .anyMatch(glob -> glob.matches(parameter.name()) || glob.matches(parameter.modelZooName()));
  }
}
