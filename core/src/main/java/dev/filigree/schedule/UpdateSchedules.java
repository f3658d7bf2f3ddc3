package dev.filigree.schedule;

import dev.filigree.config.ConfigMap;
import dev.filigree.config.ConfigNode;
import dev.filigree.config.ConfigScalar;
import dev.filigree.config.Records;
import java.util.OptionalLong;
import java.util.stream.LongStream;

/**
 * The named update schedules, for static import, and their configuration:
 *
 * <pre>
 * update: {freq: 100, start: 200, stop: 3000}
 * update: {steps: [5, 17, 100]}
 * </pre>
 */
public final class UpdateSchedules {
  private static final String ALLOWED = "{freq, start, stop} or {steps: [..]}";

  private UpdateSchedules() {}

  /** Every {@code freq} steps from step 0 on; {@code every(100).from(200).until(3000)}. */
  public static EverySteps every(long freq) {
    return new EverySteps(freq, 0, OptionalLong.empty());
  }

  /** Every step. */
  public static EverySteps always() {
    return every(1);
  }

  /** Exactly these steps. */
  public static AtSteps atSteps(long... steps) {
    return new AtSteps(LongStream.of(steps).boxed().toList());
  }

  /**
   * Reads an update schedule; no value at all means every step.
   *
   * @throws dev.filigree.config.ConfigException for an unknown key or a schedule without any step
   */
  public static UpdateSchedule parse(ConfigNode node) {
    return switch (node) {
      case ConfigScalar scalar when scalar.value() == null -> always();
      case ConfigMap map -> parse(map);
      default -> throw node.error("expected " + ALLOWED + ", found " + node.kind());
    };
  }

  private static UpdateSchedule parse(ConfigMap map) {
    boolean regular = map.has("freq");
    if (regular == map.has("steps")) {
      throw map.error("expected 'freq' or 'steps': " + ALLOWED);
    }
    UpdateSchedule schedule =
        regular ? Records.read(map, EverySteps.class) : Records.read(map, AtSteps.class);
    map.rejectUnknown();
    return schedule;
  }
}
