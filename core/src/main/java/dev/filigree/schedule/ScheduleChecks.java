package dev.filigree.schedule;

import java.util.List;

/** Argument checks of the schedules: one line that names the argument and what was found. */
final class ScheduleChecks {
  private ScheduleChecks() {}

  static double finite(String name, double value) {
    require(Double.isFinite(value), name, "a finite number", value);
    return value;
  }

  static double notNegative(String name, double value) {
    require(value >= 0 && value < Double.POSITIVE_INFINITY, name, "at least 0", value);
    return value;
  }

  static double positive(String name, double value) {
    require(value > 0 && value < Double.POSITIVE_INFINITY, name, "above 0", value);
    return value;
  }

  static long notNegative(String name, long value) {
    require(value >= 0, name, "at least 0", value);
    return value;
  }

  static long positive(String name, long value) {
    require(value > 0, name, "above 0", value);
    return value;
  }

  static void steps(long first, long last) {
    if (first < 0 || last < first) {
      throw new IllegalArgumentException("no steps from " + first + " to " + last);
    }
  }

  /** Milestones: positive steps, each above the one before. */
  static void milestones(List<Long> milestones, int parts) {
    if (milestones.size() != parts - 1) {
      throw new IllegalArgumentException(
          parts + " parts need " + (parts - 1) + " milestones, found " + milestones.size());
    }
    long before = 0;
    for (long milestone : milestones) {
      if (milestone <= before) {
        throw new IllegalArgumentException(
            "milestones must be above 0 and rise, found " + milestones);
      }
      before = milestone;
    }
  }

  /** Parts of a composed schedule hold no state: which of them was read could not be told. */
  static void pure(List<Schedule> parts) {
    for (Schedule part : parts) {
      if (!part.state().isEmpty()) {
        throw new IllegalArgumentException(
            part.describe() + " moves on at updates and cannot be part of another schedule");
      }
    }
  }

  private static void require(boolean holds, String name, String allowed, Object found) {
    if (!holds) {
      throw new IllegalArgumentException(name + " must be " + allowed + ", found " + found);
    }
  }
}
