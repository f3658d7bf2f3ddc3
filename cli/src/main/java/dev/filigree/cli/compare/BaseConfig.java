package dev.filigree.cli.compare;

import dev.filigree.zoo.config.RunConfig;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The configuration that the methods of a comparison change.
 *
 * @param file null for the default run
 * @param overrides changes of it, for all methods
 */
public record BaseConfig(@Nullable Path file, List<String> overrides) {
  public BaseConfig {
    overrides = List.copyOf(overrides);
  }

  /** Reads it with further changes. */
  RunConfig read(List<String> more) {
    return file == null ? RunConfig.defaults(with(more)) : RunConfig.read(file, with(more));
  }

  /** All changes. */
  List<String> with(List<String> more) {
    var all = new ArrayList<>(overrides);
    all.addAll(more);
    return all;
  }
}
