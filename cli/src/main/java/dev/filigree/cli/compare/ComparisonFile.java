package dev.filigree.cli.compare;

import dev.filigree.config.ConfigMap;
import dev.filigree.config.ConfigNode;
import dev.filigree.config.ConfigReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The block {@code compare} of a file.
 *
 * @param base the configuration that all methods change, where it is another file
 * @param set changes of it by path, for all methods
 * @param methods in the order of the tables
 * @param sparsities at the end of a run, fractions; empty for that of the base
 * @param seeds how many runs of each method: with seeds 0, 1, ...
 * @param tuneLength how long runs are that tune, as a fraction of the whole
 * @param budget what is equal
 * @param diverged how many times the best loss at the same point of the run ends a run; 0 for never
 * @param keepCheckpoints whether the last checkpoint of a finished run stays
 */
public record ComparisonFile(
    Optional<Path> base,
    Map<String, @Nullable Object> set,
    List<Method> methods,
    List<Double> sparsities,
    int seeds,
    double tuneLength,
    Budget budget,
    double diverged,
    boolean keepCheckpoints) {
  static final String KEY = "compare";

  private static final String TRAINER = "trainer";

  /** A comparison that no file describes. */
  public static final ComparisonFile NONE =
      new ComparisonFile(
          Optional.empty(), Map.of(), List.of(), List.of(), 3, 1, Budget.TOKENS, 2, true);

  /** Whether a configuration file has the block. */
  public static boolean isOne(Path file) {
    return ConfigReader.read(file).asMap().has(KEY);
  }

  /**
   * Reads a file with the block.
   *
   * @throws dev.filigree.config.ConfigException for anything unknown or out of range, with its
   *     place
   */
  public static ComparisonFile read(Path file) {
    ConfigMap block = ConfigReader.read(file).asMap().require(KEY).asMap();
    Optional<Path> base = block.get("base").map(node -> base(file, node));
    var methods = new ArrayList<Method>();
    block
        .map("methods")
        .entries()
        .forEach((label, node) -> methods.add(Method.read(label, settings(node))));
    block.allow("methods");
    int seeds = Math.toIntExact(block.integer("seeds", NONE.seeds));
    if (seeds < 1) {
      throw block.require("seeds").error("must be 1 or more, found " + seeds);
    }
    double tuneLength = block.number("tune_length", NONE.tuneLength);
    if (!(tuneLength > 0 && tuneLength <= 1)) {
      throw block.require("tune_length").error("must lie in (0, 1], found " + tuneLength);
    }
    double diverged = block.number("diverged", NONE.diverged);
    if (diverged != 0 && !(diverged > 1)) {
      throw block
          .require("diverged")
          .error("must be more than 1, or 0 for never, found " + diverged);
    }
    var read =
        new ComparisonFile(
            base,
            new LinkedHashMap<>(block.map("set").toJava()),
            List.copyOf(methods),
            block.get("sparsities").stream()
                .flatMap(list -> list.asList().items().stream())
                .map(ComparisonFile::sparsity)
                .toList(),
            seeds,
            tuneLength,
            block.get("budget").map(Budget::read).orElse(NONE.budget),
            diverged,
            block.flag("keep_checkpoints", NONE.keepCheckpoints));
    block.rejectUnknown();
    return read;
  }

  private static Path base(Path file, ConfigNode node) {
    Path base = file.toAbsolutePath().resolveSibling(node.asPath()).normalize();
    if (Files.isRegularFile(base) && isOne(base) && !ConfigReader.read(base).asMap().has(TRAINER)) {
      throw node.error(base + " has no trainer itself, but a base: name that one");
    }
    return base;
  }

  /** A method without settings may stand without a value. */
  private static ConfigMap settings(ConfigNode node) {
    return node.toJava() == null ? new ConfigMap(node.location(), Map.of()) : node.asMap();
  }

  private static double sparsity(ConfigNode node) {
    double sparsity = node.asDouble();
    if (!(sparsity > 0 && sparsity < 1)) {
      throw node.error("a sparsity lies in (0, 1), found " + sparsity);
    }
    return sparsity;
  }

  /** The methods that are compared where nothing says which. */
  private static final List<String> USUAL =
      List.of("dense", "static", "gmp", "set", "rigl", "granet");

  /**
   * With the choice of the command line.
   *
   * @param names of methods, or {@code all}; those of the file keep their settings; null for those
   *     of the file
   * @param number of seeds; null for that of the file
   * @throws dev.filigree.config.ConfigException for an unknown method
   */
  public ComparisonFile changed(@Nullable List<String> names, @Nullable Integer number) {
    List<String> wanted = names == null ? (methods.isEmpty() ? USUAL : List.of()) : names;
    var chosen = new ArrayList<Method>();
    for (String name : wanted.equals(List.of("all")) ? allNames() : wanted) {
      chosen.add(
          methods.stream()
              .filter(method -> method.label().equals(name))
              .findFirst()
              .orElseGet(() -> Method.named(name)));
    }
    return new ComparisonFile(
        base,
        set,
        chosen.isEmpty() ? methods : List.copyOf(chosen),
        sparsities,
        number == null ? seeds : number,
        tuneLength,
        budget,
        diverged,
        keepCheckpoints);
  }

  private List<String> allNames() {
    var names = new LinkedHashSet<String>();
    methods.forEach(method -> names.add(method.label()));
    names.addAll(Method.kinds());
    return List.copyOf(names);
  }

  /** The changes that the file makes for all methods, as the command line would. */
  public List<String> overrides() {
    var overrides = new ArrayList<String>();
    set.forEach((path, value) -> overrides.add(ConfigBlocks.override(path, value)));
    return overrides;
  }
}
