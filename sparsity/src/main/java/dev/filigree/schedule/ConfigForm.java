package dev.filigree.schedule;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** Schedules as configuration, and configuration as one line of text. */
final class ConfigForm {
  private ConfigForm() {}

  /** {@code {key: value, ...}} */
  static Map<String, Object> map(Object... keysAndValues) {
    var map = new LinkedHashMap<String, Object>();
    for (int i = 0; i < keysAndValues.length; i += 2) {
      map.put((String) keysAndValues[i], keysAndValues[i + 1]);
    }
    return map;
  }

  /** {@code {type: name, key: value, ...}} */
  static Optional<Object> typed(String type, Object... keysAndValues) {
    Map<String, Object> map = map("type", type);
    map.putAll(map(keysAndValues));
    return Optional.of(map);
  }

  /** {@code {name: {key: value, ...}}} */
  static Optional<Object> named(String name, Object... keysAndValues) {
    return Optional.of(map(name, map(keysAndValues)));
  }

  /** The parts as a list; empty where one of them exists as code only. */
  static Optional<List<Object>> all(List<Schedule> parts) {
    List<Object> forms = parts.stream().flatMap(part -> part.toConfig().stream()).toList();
    return forms.size() == parts.size() ? Optional.of(forms) : Optional.empty();
  }

  /** A whole number without its fraction: 3000, not 3000.0. */
  static Object number(double value) {
    if (value == Math.rint(value) && Math.abs(value) < 1e15) {
      return (long) value;
    }
    return value;
  }

  /** A schedule in one line of flow style YAML: {@code {type: cosine, init: 0.5, ...}}. */
  static String text(Optional<Object> config) {
    return config.map(ConfigForm::flow).orElse("(code)");
  }

  private static String flow(Object value) {
    return switch (value) {
      case Map<?, ?> map ->
          map.entrySet().stream()
              .map(entry -> entry.getKey() + ": " + flow(entry.getValue()))
              .collect(Collectors.joining(", ", "{", "}"));
      case List<?> list ->
          list.stream().map(ConfigForm::flow).collect(Collectors.joining(", ", "[", "]"));
      default -> value.toString();
    };
  }
}
