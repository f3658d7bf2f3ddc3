package dev.filigree.cli.compare;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The blocks {@code schedulers} and {@code optimizer} of a run of another length or rate. */
final class Schedulers {
  private static final Set<String> LENGTHS =
      Set.of(
          "total_iters", "total_steps", "T_max", "T_0", "warmup_steps", "step_size", "milestones");
  private static final Set<String> RATES =
      Set.of(
          "initial_learning_rate",
          "end_learning_rate",
          "learning_rate",
          "learning_rates",
          "lr",
          "max_lr",
          "eta_min");

  private Schedulers() {}

  /**
   * A block with all learning rates and all lengths in steps multiplied.
   *
   * @param rate factor of the learning rates
   * @param length factor of the numbers of steps
   */
  static @Nullable Object scaled(@Nullable Object block, double rate, double length) {
    return switch (block) {
      case Map<?, ?> map -> {
        var scaled = new LinkedHashMap<String, @Nullable Object>();
        map.forEach(
            (key, value) -> {
              String name = String.valueOf(key);
              if (LENGTHS.contains(name)) {
                scaled.put(name, steps(value, length));
              } else if (RATES.contains(name)) {
                scaled.put(name, times(value, rate));
              } else {
                scaled.put(name, scaled(value, rate, length));
              }
            });
        yield scaled;
      }
      case List<?> list -> list.stream().map(item -> scaled(item, rate, length)).toList();
      case null, default -> block;
    };
  }

  private static @Nullable Object steps(@Nullable Object value, double factor) {
    return switch (value) {
      case List<?> list -> list.stream().map(item -> steps(item, factor)).toList();
      case Number steps -> Math.max(1, Math.round(steps.doubleValue() * factor));
      case null, default -> value;
    };
  }

  private static @Nullable Object times(@Nullable Object value, double factor) {
    return switch (value) {
      case List<?> list -> list.stream().map(item -> times(item, factor)).toList();
      case Number rate -> rate.doubleValue() * factor;
      case null, default -> scaled(value, factor, 1);
    };
  }
}
