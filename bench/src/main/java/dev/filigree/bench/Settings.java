package dev.filigree.bench;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** Arguments of the form {@code key=value}. */
final class Settings {
  private Settings() {}

  /**
   * Splits arguments.
   *
   * @throws IllegalArgumentException for what is not key=value, or an unknown key
   */
  static Map<String, String> parse(List<String> arguments, Set<String> keys) {
    var values = new HashMap<String, String>();
    for (String argument : arguments) {
      int equals = argument.indexOf('=');
      String key = equals < 0 ? argument : argument.substring(0, equals);
      if (equals < 0 || !keys.contains(key)) {
        throw new IllegalArgumentException(
            "'%s' is not key=value with a key of %s".formatted(argument, new TreeSet<>(keys)));
      }
      values.put(key, argument.substring(equals + 1));
    }
    return values;
  }

  /**
   * A setting that is {@code true} or {@code false}.
   *
   * @throws IllegalArgumentException for anything else
   */
  static boolean flag(Map<String, String> values, String key, boolean otherwise) {
    return switch (values.getOrDefault(key, Boolean.toString(otherwise))) {
      case "true" -> true;
      case "false" -> false;
      case String other ->
          throw new IllegalArgumentException(key + " must be true or false, found " + other);
    };
  }
}
