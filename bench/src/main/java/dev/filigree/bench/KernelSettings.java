package dev.filigree.bench;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What {@code bench kernels} measures; settings are given as {@code key=value}.
 *
 * @param shapes tokens, in and out of linear layers
 * @param sparsities fractions of missing weights
 * @param rounds how often each product is timed, after a round to warm up
 */
record KernelSettings(List<Shape> shapes, List<Double> sparsities, int rounds) {
  private static final String SHAPES = "1024x1024x1024,4096x768x3072,1024x4096x4096,512x2048x5504";
  private static final Set<String> KEYS = Set.of("shapes", "sparsities", "rounds");

  KernelSettings {
    shapes = List.copyOf(shapes);
    sparsities = List.copyOf(sparsities);
    for (double sparsity : sparsities) {
      if (!(sparsity >= 0 && sparsity <= 1)) {
        throw new IllegalArgumentException("sparsity must be from 0 to 1, found " + sparsity);
      }
    }
    if (rounds < 1) {
      throw new IllegalArgumentException("rounds must be at least 1, found " + rounds);
    }
  }

  /** X [tokens, in], W [out, in], Y [tokens, out]. */
  record Shape(int tokens, int in, int out) {
    Shape {
      if (tokens < 1 || in < 1 || out < 1 || (long) in * out > Integer.MAX_VALUE) {
        throw new IllegalArgumentException(
            "tokens, in and out must be at least 1, and in times out less than 2^31");
      }
    }

    static Shape parse(String text) {
      String[] parts = text.split("x", -1);
      if (parts.length != 3) {
        throw new IllegalArgumentException("a shape is TOKENSxINxOUT, found '" + text + "'");
      }
      return new Shape(
          Integer.parseInt(parts[0]), Integer.parseInt(parts[1]), Integer.parseInt(parts[2]));
    }

    @Override
    public String toString() {
      return tokens + "x" + in + "x" + out;
    }
  }

  /**
   * Reads settings.
   *
   * @throws IllegalArgumentException for an unknown key or a bad value
   */
  static KernelSettings parse(List<String> arguments) {
    Map<String, String> values = Settings.parse(arguments, KEYS);
    try {
      return new KernelSettings(
          list(values.getOrDefault("shapes", SHAPES)).stream().map(Shape::parse).toList(),
          list(values.getOrDefault("sparsities", "0.5,0.8,0.9,0.95,0.98,0.99,0.999")).stream()
              .map(Double::valueOf)
              .toList(),
          Integer.parseInt(values.getOrDefault("rounds", "10")));
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException("not a number: " + e.getMessage(), e);
    }
  }

  private static List<String> list(String text) {
    return Arrays.asList(text.split(",", -1));
  }
}
