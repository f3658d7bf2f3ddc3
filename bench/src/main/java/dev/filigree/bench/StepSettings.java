package dev.filigree.bench;

import dev.filigree.sparsity.Execution;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * What {@code bench step} measures; settings are given as {@code key=value}.
 *
 * @param widths hidden sizes of the Llamas
 * @param executions of the sparse models
 * @param sparsities of the decoder layers' weights, fractions
 * @param layers decoder layers
 * @param vocabulary tokens that the models know
 * @param tokens tokens a step
 * @param sequence tokens of one sequence
 * @param rounds how often each step is timed
 * @param memory whether the peak memory of every case is measured, in processes of their own
 */
record StepSettings(
    List<Long> widths,
    List<Execution> executions,
    List<Double> sparsities,
    long layers,
    long vocabulary,
    long tokens,
    long sequence,
    int rounds,
    boolean memory) {
  private static final Set<String> KEYS =
      Set.of(
          "widths",
          "executions",
          "sparsities",
          "layers",
          "vocabulary",
          "tokens",
          "sequence",
          "rounds",
          "memory");

  StepSettings {
    widths = List.copyOf(widths);
    executions = List.copyOf(executions);
    sparsities = List.copyOf(sparsities);
    for (double sparsity : sparsities) {
      if (!(sparsity >= 0 && sparsity <= 1)) {
        throw new IllegalArgumentException("sparsity must be from 0 to 1, found " + sparsity);
      }
    }
    if (rounds < 1) {
      throw new IllegalArgumentException("rounds must be at least 1, found " + rounds);
    }
    for (long width : widths) {
      var _ = new StepWorkload(width, layers, vocabulary, tokens, sequence); // checks
    }
  }

  /**
   * Reads settings.
   *
   * @throws IllegalArgumentException for an unknown key or a bad value
   */
  static StepSettings parse(List<String> arguments) {
    Map<String, String> values = Settings.parse(arguments, KEYS);
    try {
      return new StepSettings(
          list(values.getOrDefault("widths", "512,1024,2048")).map(Long::valueOf).toList(),
          list(values.getOrDefault("executions", "masked,compressed"))
              .map(StepSettings::execution)
              .toList(),
          list(values.getOrDefault("sparsities", "0.8,0.9,0.95,0.98,0.99,0.999"))
              .map(Double::valueOf)
              .toList(),
          Long.parseLong(values.getOrDefault("layers", "8")),
          Long.parseLong(values.getOrDefault("vocabulary", "8192")),
          Long.parseLong(values.getOrDefault("tokens", "1024")),
          Long.parseLong(values.getOrDefault("sequence", "256")),
          Integer.parseInt(values.getOrDefault("rounds", "5")),
          Settings.flag(values, "memory", true));
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException("not a number: " + e.getMessage(), e);
    }
  }

  private static java.util.stream.Stream<String> list(String text) {
    return Arrays.stream(text.split(",", -1));
  }

  private static Execution execution(String text) {
    return switch (text.toLowerCase(Locale.ROOT)) {
      case "masked" -> Execution.MASKED;
      case "compressed" -> Execution.COMPRESSED;
      default ->
          throw new IllegalArgumentException(
              "executions must be masked or compressed, found " + text);
    };
  }

  StepWorkload workload(long width) {
    return new StepWorkload(width, layers, vocabulary, tokens, sequence);
  }
}
