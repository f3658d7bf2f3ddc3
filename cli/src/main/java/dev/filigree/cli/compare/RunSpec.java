package dev.filigree.cli.compare;

import dev.filigree.zoo.config.RunConfig;
import java.nio.file.Path;
import java.util.List;

/**
 * One run of a comparison.
 *
 * @param name for people
 * @param directory below that of the comparison
 * @param overrides what makes the base configuration this run
 * @param config the configuration that they give
 */
public record RunSpec(String name, Path directory, List<String> overrides, RunConfig config) {
  public RunSpec {
    overrides = List.copyOf(overrides);
  }

  /** The step that it ends at. */
  public long steps() {
    return config.loop().lastStep();
  }
}
