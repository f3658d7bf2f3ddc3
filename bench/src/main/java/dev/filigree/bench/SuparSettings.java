package dev.filigree.bench;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.IntStream;

/**
 * What {@code bench supar} trains; settings are given as {@code key=value}.
 *
 * @param widths hidden sizes, the smallest first: muP's base
 * @param densities of the decoder layers' weights, fractions
 * @param rates learning rates by their logarithms to the base 2
 * @param layers decoder layers
 * @param steps of each training
 * @param batch sequences a step
 * @param sequence tokens of one sequence
 * @param seed of initial weights, masks and data
 * @param data where the text is: {@code jdk}, a folder, a file
 * @param to the folder of {@code supar.csv} and {@code supar.svg}
 */
record SuparSettings(
    List<Long> widths,
    List<Double> densities,
    List<Integer> rates,
    long layers,
    int steps,
    int batch,
    int sequence,
    long seed,
    String data,
    Path to) {
  /** Inputs of an attention head, at every width. */
  static final long HEAD_SIZE = 32;

  private static final Set<String> KEYS =
      Set.of(
          "widths",
          "densities",
          "rates",
          "layers",
          "steps",
          "batch",
          "sequence",
          "seed",
          "data",
          "to");

  SuparSettings {
    widths = widths.stream().sorted().toList();
    densities = List.copyOf(densities);
    rates = rates.stream().sorted().toList();
    for (long width : widths) {
      if (width < HEAD_SIZE || width % HEAD_SIZE != 0) {
        throw new IllegalArgumentException(
            "widths must be multiples of %d, found %d".formatted(HEAD_SIZE, width));
      }
    }
    for (double density : densities) {
      if (!(density > 0 && density <= 1)) {
        throw new IllegalArgumentException("densities must lie in (0, 1], found " + density);
      }
    }
    if (widths.isEmpty() || densities.isEmpty() || rates.isEmpty()) {
      throw new IllegalArgumentException("widths, densities and rates must not be empty");
    }
    if (layers < 1 || steps < 1 || batch < 1 || sequence < 1) {
      throw new IllegalArgumentException("layers, steps, batch and sequence must be at least 1");
    }
  }

  /**
   * Reads settings.
   *
   * @throws IllegalArgumentException for an unknown key or a bad value
   */
  static SuparSettings parse(List<String> arguments) {
    Map<String, String> values = Settings.parse(arguments, KEYS);
    try {
      return new SuparSettings(
          list(values.getOrDefault("widths", "128,256,512"), Long::valueOf),
          list(values.getOrDefault("densities", "1,0.25,0.0625"), Double::valueOf),
          range(values.getOrDefault("rates", "-12..-6")),
          Long.parseLong(values.getOrDefault("layers", "2")),
          Integer.parseInt(values.getOrDefault("steps", "80")),
          Integer.parseInt(values.getOrDefault("batch", "8")),
          Integer.parseInt(values.getOrDefault("sequence", "32")),
          Long.parseLong(values.getOrDefault("seed", "0")),
          values.getOrDefault("data", "jdk"),
          Path.of(values.getOrDefault("to", ".")));
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException("not a number: " + e.getMessage(), e);
    }
  }

  private static <T> List<T> list(String text, Function<String, T> element) {
    return Arrays.stream(text.split(",", -1)).map(element).toList();
  }

  private static List<Integer> range(String text) {
    String[] ends = text.split("\\.\\.", -1);
    return ends.length == 2
        ? IntStream.rangeClosed(Integer.parseInt(ends[0]), Integer.parseInt(ends[1]))
            .boxed()
            .toList()
        : list(text, Integer::valueOf);
  }
}
