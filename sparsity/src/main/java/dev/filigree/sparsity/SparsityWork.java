package dev.filigree.sparsity;

import dev.filigree.mask.CalibratedMask;
import dev.filigree.mask.CalibratedMask.Passes;
import dev.filigree.mask.SelectionGroups;
import dev.filigree.sparsity.algorithm.SparsityAlgorithm;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/**
 * How many weights take part in each step of a run: the schedules of an algorithm played through
 * without any weights. What an algorithm finds out only while it trains, as {@code str} does how
 * sparse it is, is not in it.
 *
 * @param size all weights of the parameters
 * @param spans the steps of the run in their order
 * @param passes what chose the first masks, before the first step
 */
public record SparsityWork(long size, List<Span> spans, Passes passes) {
  /**
   * Steps that follow each other and are alike.
   *
   * @param steps how many
   * @param existing weights that exist: the forward pass multiplies with them, and the backward
   *     pass for the gradient of the inputs
   * @param trained weights whose gradient is computed: those that exist, and others where an update
   *     needs evidence of them
   */
  public record Span(long steps, long existing, long trained) {}

  public SparsityWork {
    spans = List.copyOf(spans);
  }

  /**
   * Plays an algorithm through.
   *
   * @param algorithm one of its own: a schedule that cycles moves on
   * @param shapes of its parameters
   * @param counted which of them count
   */
  static SparsityWork of(
      SparsityAlgorithm algorithm,
      Map<String, long[]> shapes,
      long lastStep,
      Predicate<String> counted) {
    var count = new Count(algorithm, shapes, counted);
    double sparsity = algorithm.startsDense() ? 0 : algorithm.sparsity(0);
    Span now = count.at(sparsity);
    var spans = new ArrayList<Span>();
    for (long step = 1; step <= lastStep; step++) {
      boolean gathers = algorithm.evidence().gathersIn(step, algorithm::isUpdate);
      add(spans, now.existing, gathers ? count.size : now.trained);
      if (algorithm.isUpdate(step)) {
        double next = algorithm.sparsity(step);
        algorithm.settings().sparsity().advance();
        now = next == sparsity ? now : count.at(next);
        sparsity = next;
      }
    }
    Passes passes =
        !algorithm.startsDense()
                && algorithm.settings().initialMask() instanceof CalibratedMask calibrated
            ? calibrated.passes()
            : new Passes(0, 0);
    return new SparsityWork(count.size, spans, passes);
  }

  private static void add(List<Span> spans, long existing, long trained) {
    Span before = spans.isEmpty() ? new Span(0, -1, -1) : spans.getLast();
    if (before.existing == existing && before.trained == trained) {
      spans.set(spans.size() - 1, new Span(before.steps + 1, existing, trained));
    } else {
      spans.add(new Span(1, existing, trained));
    }
  }

  /** The weights of those parameters that count. */
  private static final class Count {
    private final SparsityAlgorithm algorithm;
    private final Map<String, long[]> shapes;
    private final Predicate<String> counted;
    private final long size;

    Count(SparsityAlgorithm algorithm, Map<String, long[]> shapes, Predicate<String> counted) {
      this.algorithm = algorithm;
      this.shapes = shapes;
      this.counted = counted;
      size =
          shapes.entrySet().stream()
              .filter(parameter -> counted.test(parameter.getKey()))
              .mapToLong(parameter -> size(parameter.getValue()))
              .sum();
    }

    private static long size(long[] shape) {
      return Arrays.stream(shape).reduce(1, Math::multiplyExact);
    }

    Span at(double sparsity) {
      double[] sparsities = SparseGroup.spread(algorithm.settings(), shapes, sparsity);
      long existing = 0;
      long trained = 0;
      int i = 0;
      for (var parameter : shapes.entrySet()) {
        double each = sparsities[i++];
        if (counted.test(parameter.getKey())) {
          long[] shape = parameter.getValue();
          SelectionGroups grouping = algorithm.settings().shaper().group(parameter.getKey(), shape);
          long kept = UpdateRule.kept(grouping, each);
          existing += kept;
          trained += algorithm.trained(kept, size(shape));
        }
      }
      return new Span(1, existing, trained);
    }
  }
}
