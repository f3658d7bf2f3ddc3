package dev.filigree.cli.compare;

import dev.filigree.zoo.config.RunConfig;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * One run of a comparison.
 *
 * @param name for people
 * @param directory below that of the comparison
 * @param group whose method it is made with
 * @param choice the values that are tuned, by path
 * @param overrides what makes the base configuration this run
 * @param config the configuration that they give
 */
public record RunSpec(
    String name,
    Path directory,
    Group group,
    Map<String, Object> choice,
    List<String> overrides,
    RunConfig config) {
  public RunSpec {
    choice = new LinkedHashMap<>(choice);
    overrides = List.copyOf(overrides);
  }

  /** The step that it ends at. */
  public long steps() {
    return config.loop().lastStep();
  }
}
