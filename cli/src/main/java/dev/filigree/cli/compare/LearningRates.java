package dev.filigree.cli.compare;

import dev.filigree.sparsity.AlgorithmGroup;
import dev.filigree.sparsity.SparsityConfig;
import dev.filigree.sparsity.SparsityCourse;
import dev.filigree.sparsity.algorithm.RateFactor;
import dev.filigree.zoo.config.RunConfig;
import java.util.List;
import java.util.OptionalDouble;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

/** The learning rates of a configuration, as comparisons speak of them. */
final class LearningRates {
  private LearningRates() {}

  /** The largest of the run. */
  static double peak(RunConfig config) {
    return config
        .schedulers()
        .schedules()
        .learningRate()
        .map(schedule -> schedule.range(0, config.loop().maxSteps() - 1).max())
        .orElseGet(() -> config.optimizer().options().lr());
  }

  /**
   * What it is multiplied by in sparse layers, at the sparsity that the run ends with; empty for a
   * dense network, and where layers differ.
   */
  static OptionalDouble sparseMultiplier(RunConfig config) {
    if (config.sparsity().isEmpty()) {
      return OptionalDouble.empty();
    }
    SparsityConfig sparsity = config.sparsity().get();
    List<SparsityCourse> courses = sparsity.courses(config.loop().lastStep());
    List<AlgorithmGroup.Entry> entries = sparsity.build().entries();
    double[] factors =
        IntStream.range(0, entries.size())
            .mapToDouble(i -> factor(entries.get(i), 1 - courses.get(i).reached()))
            .distinct()
            .toArray();
    return factors.length == 1 ? DoubleStream.of(factors).findFirst() : OptionalDouble.empty();
  }

  private static double factor(AlgorithmGroup.Entry entry, double density) {
    RateFactor rate = entry.algorithm().settings().parametrization().learningRate();
    return rate.at(density);
  }
}
