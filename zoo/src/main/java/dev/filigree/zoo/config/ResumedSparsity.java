package dev.filigree.zoo.config;

import dev.filigree.config.ConfigException;
import dev.filigree.sparsity.AlgorithmConfig;
import dev.filigree.sparsity.SparsityConfig;
import dev.filigree.sparsity.algorithm.SparsityAlgorithm;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/**
 * The changes of a {@code sparsity} block that a resumed run can follow: its masks are those of the
 * checkpoint, and only an update that is still to come makes others of them.
 */
final class ResumedSparsity {
  /** Keys that the next step follows already, without an update of the masks. */
  private static final Set<String> OF_EVERY_STEP =
      Set.of("learning_rate", "parametrization", "regrown");

  private ResumedSparsity() {}

  /**
   * Checks a change.
   *
   * @param step of the checkpoint
   * @param lastStep of the run
   * @throws ConfigException for one that would have no effect
   */
  static void check(
      Optional<SparsityConfig> before, Optional<SparsityConfig> after, long step, long lastStep) {
    if (before.isEmpty() && after.isEmpty()) {
      return;
    }
    if (before.isEmpty() || after.isEmpty()) {
      throw ResumedSettings.refused(
          "sparsity",
          before.isEmpty() ? "none" : "a sparse one",
          after.isEmpty() ? "none" : "a sparse one",
          "start a new run with ckpt_path to change it");
    }
    int groups = before.get().groups().size();
    if (groups != after.get().groups().size()) {
      throw ResumedSettings.refused(
          "sparsity",
          groups + " groups",
          after.get().groups().size() + " groups",
          "the checkpoint has the masks of its own");
    }
    for (int i = 0; i < groups; i++) {
      String place = groups == 1 ? "sparsity" : "sparsity." + i;
      new Change(
              place,
              before.get().groups().get(i),
              after.get().groups().get(i),
              before.get().build().entries().get(i).algorithm(),
              after.get().build().entries().get(i).algorithm())
          .check(step, lastStep);
    }
  }

  private record Change(
      String place,
      AlgorithmConfig before,
      AlgorithmConfig after,
      SparsityAlgorithm old,
      SparsityAlgorithm algorithm) {

    void check(long step, long lastStep) {
      if (!before.paramFilter().equals(after.paramFilter())) {
        throw refused(
            "param_filter",
            before.paramFilter(),
            after.paramFilter(),
            "the checkpoint has the masks of its own");
      }
      Set<String> changed = changed();
      for (String key : changed) {
        check(key, changed, step, lastStep);
      }
    }

    private void check(String key, Set<String> changed, long step, long lastStep) {
      if (key.equals("init_method") || key.equals("initial_weights")) {
        throw refused(key, "only a new run uses it");
      }
      if (OF_EVERY_STEP.contains(key)) {
        return;
      }
      if (takesTurns(key, old) || takesTurns(key, algorithm)) {
        throw refused(key, "the run is within a list of values that take turns");
      }
      boolean ends = changed.equals(Set.of("update")) && updates(old, step + 1, lastStep);
      if (!ends && !updates(algorithm, step + 1, lastStep)) {
        throw refused(key, "no update of the masks follows, from step " + step + " on");
      }
      if (hasMasks(old, step) && !hasMasks(algorithm, step)) {
        throw refused(key, "with it the run would be dense at step " + step + ", and it has masks");
      }
    }

    private Set<String> changed() {
      var keys = new TreeSet<String>(before.settings().keySet());
      keys.addAll(after.settings().keySet());
      keys.removeIf(key -> Objects.equals(before.settings().get(key), after.settings().get(key)));
      if (!before.algorithm().equals(after.algorithm())) {
        keys.add("algorithm");
      }
      return keys;
    }

    private ConfigException refused(String key, String why) {
      boolean name = key.equals("algorithm");
      return refused(
          key,
          name ? before.algorithm() : before.settings().get(key),
          name ? after.algorithm() : after.settings().get(key),
          why);
    }

    private ConfigException refused(
        String key, @Nullable Object from, @Nullable Object to, String why) {
      return ResumedSettings.refused(place + "." + key, from, to, why);
    }
  }

  /** Whether a key gives a schedule that keeps state. */
  private static boolean takesTurns(String key, SparsityAlgorithm algorithm) {
    return switch (key) {
      case "sparsity", "schedule" -> !algorithm.settings().sparsity().state().isEmpty();
      case "drop_fraction" -> !algorithm.settings().dropFraction().state().isEmpty();
      default -> false;
    };
  }

  private static boolean hasMasks(SparsityAlgorithm algorithm, long step) {
    return !algorithm.startsDense() || updates(algorithm, 1, step);
  }

  private static boolean updates(SparsityAlgorithm algorithm, long first, long last) {
    return LongStream.rangeClosed(first, last).anyMatch(algorithm::isUpdate);
  }
}
