package dev.filigree.zoo.train.event;

import java.util.Collections;
import java.util.NavigableMap;
import org.jspecify.annotations.Nullable;

/**
 * Ages of weights that exist: steps since each last grew, 0 for one that has just grown. Weights of
 * the first mask count from the run's beginning.
 *
 * @param p10 a tenth of the weights is no older
 * @param median half of the weights are no older
 * @param p90 nine tenths of the weights are no older
 */
public record WeightAges(double mean, long p10, long median, long p90) {
  /**
   * Those after a step; null for no weight.
   *
   * @param grown how many weights grew after which step
   */
  public static @Nullable WeightAges at(long step, NavigableMap<Long, Long> grown) {
    long count = 0;
    double sum = 0;
    for (var group : grown.entrySet()) {
      count += group.getValue();
      sum += (double) group.getValue() * (step - group.getKey());
    }
    return count == 0
        ? null
        : new WeightAges(
            sum / count,
            step - grownUpTo(grown, Math.ceilDiv(count, 10)),
            step - grownUpTo(grown, Math.ceilDiv(count, 2)),
            step - grownUpTo(grown, count - count / 10));
  }

  /** When that weight grew which has the given rank, counted from the youngest. */
  private static long grownUpTo(NavigableMap<Long, Long> grown, long rank) {
    long left = rank;
    for (var group : grown.descendingMap().entrySet()) {
      left -= group.getValue();
      if (left <= 0) {
        return group.getKey();
      }
    }
    return Collections.min(grown.keySet());
  }
}
