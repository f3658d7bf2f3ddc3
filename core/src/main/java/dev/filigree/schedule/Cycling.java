package dev.filigree.schedule;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Values that take turns: the next one after every mask update, the first again after the last. The
 * step has no influence; the position is state, saved and loaded with a checkpoint.
 *
 * <p>Two users of one object would move it on twice: give each its own.
 */
public final class Cycling implements Schedule {
  private static final String INDEX = "index";

  private final List<Double> values;
  private int index;

  /** Starts at the first value; there must be at least one, all of them finite. */
  public Cycling(List<Double> values) {
    if (values.isEmpty()) {
      throw new IllegalArgumentException("a cycling schedule needs at least one value");
    }
    values.forEach(value -> ScheduleChecks.finite("value", value));
    this.values = List.copyOf(values);
  }

  @Override
  public double at(long step) {
    return values.get(index);
  }

  /** The extremes of all values, and the last of them: a range is taken to go round once. */
  @Override
  public Range range(long first, long last) {
    ScheduleChecks.steps(first, last);
    var statistics = values.stream().mapToDouble(Double::doubleValue).summaryStatistics();
    return new Range(statistics.getMin(), statistics.getMax(), values.getLast());
  }

  @Override
  public void advance() {
    index = (index + 1) % values.size();
  }

  @Override
  public Map<String, Object> state() {
    return Map.of(INDEX, (long) index);
  }

  @Override
  public void load(Map<String, Object> state) {
    if (state.size() != 1
        || !(state.get(INDEX) instanceof Number saved)
        || saved.doubleValue() != saved.intValue()
        || saved.intValue() < 0
        || saved.intValue() >= values.size()) {
      throw new IllegalArgumentException(
          describe()
              + " needs the state {index: 0 to "
              + (values.size() - 1)
              + "}, found "
              + state);
    }
    index = saved.intValue();
  }

  @Override
  public Optional<Object> toConfig() {
    return Optional.of(values);
  }
}
