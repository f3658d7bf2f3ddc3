package dev.filigree.cuda;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The parameters of a kernel, read from its declaration: {@code extern "C" __global__ void
 * name(...)}.
 *
 * @param line that it begins on, from 1
 * @param parameters as they are declared
 */
record Signature(String name, int line, List<String> parameters) {
  private static final Pattern KERNEL =
      Pattern.compile(
          "extern\\s+\"C\"\\s+__global__\\s+void\\s+"
              + "(?:__launch_bounds__\\s*\\([^)]*\\)\\s*)?(\\w+)\\s*\\(([^)]*)\\)");

  /** The kernels of a source, in its order. */
  static Map<String, Signature> of(String source) {
    var found = new LinkedHashMap<String, Signature>();
    Matcher matcher = KERNEL.matcher(source);
    while (matcher.find()) {
      String name = matcher.group(1);
      int line =
          1 + (int) source.substring(0, matcher.start()).chars().filter(c -> c == '\n').count();
      List<String> parameters =
          Arrays.stream(matcher.group(2).split(",", -1))
              .map(parameter -> parameter.strip().replaceAll("\\s+", " "))
              .filter(parameter -> !parameter.isEmpty())
              .toList();
      found.put(name, new Signature(name, line, parameters));
    }
    return found;
  }

  /**
   * The arguments as 64-bit words, each as its parameter takes it.
   *
   * @throws IllegalArgumentException when they are not what the kernel declares
   */
  long[] words(Object... arguments) {
    var words = new long[arguments.length];
    if (arguments.length != parameters.size()) {
      throw mismatch(arguments);
    }
    for (int i = 0; i < words.length; i++) {
      String type = type(parameters.get(i));
      words[i] =
          switch (arguments[i]) {
            case Long value when type.endsWith("*") || type.endsWith("long long") -> value;
            case Integer value when type.equals("int") || type.equals("unsigned") -> value;
            case Float value when type.equals("float") ->
                Integer.toUnsignedLong(Float.floatToRawIntBits(value));
            case Double value when type.equals("double") -> Double.doubleToRawLongBits(value);
            default -> throw mismatch(arguments);
          };
    }
    return words;
  }

  /** The type of a parameter: all but its name, and a star that stands before that. */
  private static String type(String parameter) {
    int star = parameter.lastIndexOf('*');
    String type =
        star >= 0
            ? parameter.substring(0, star + 1)
            : parameter.substring(0, Math.max(0, parameter.lastIndexOf(' ')));
    return type.replace("const ", "").strip();
  }

  private IllegalArgumentException mismatch(Object... arguments) {
    var given = new ArrayList<String>();
    for (Object argument : arguments) {
      given.add(argument.getClass().getSimpleName() + " " + argument);
    }
    return new IllegalArgumentException(
        "kernel %s takes (%s); an address or long long is a Long, an int an Integer, a float a Float;"
                .formatted(name, String.join(", ", parameters))
            + " found ("
            + String.join(", ", given)
            + ")");
  }
}
