package dev.filigree.schedule;

import dev.filigree.config.Records;
import java.lang.reflect.RecordComponent;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** Schedules as configuration, and configuration as one line of text. */
final class ConfigForm {
  private ConfigForm() {}

  /**
   * A schedule under the name that configuration knows it by: {@code {type: name, key: value, ...}}
   * or {@code {name: {key: value, ...}}}. Empty for one without a name.
   */
  static Optional<Object> of(Schedule schedule) {
    return schedule instanceof Record record
        ? Schedules.form(record).or(() -> SchedulerNames.form(record))
        : Optional.empty();
  }

  /** {@code {key: value, ...}}; empty where a part of the record exists as code only. */
  static Optional<Map<String, Object>> keys(Record record) {
    Map<String, Object> keys = Records.write(record);
    for (RecordComponent component : record.getClass().getRecordComponents()) {
      Object part = Records.value(component, record);
      if (part instanceof Schedule || part instanceof List<?>) {
        Optional<Object> form = form(part);
        if (form.isEmpty()) {
          return Optional.empty();
        }
        keys.put(Records.key(component), form.get());
      }
    }
    return Optional.of(keys);
  }

  private static Optional<Object> form(Object value) {
    return switch (value) {
      case Schedule part -> part.toConfig();
      case List<?> list -> {
        List<Object> forms = list.stream().flatMap(item -> form(item).stream()).toList();
        yield forms.size() == list.size() ? Optional.of(forms) : Optional.empty();
      }
      default -> Optional.of(value);
    };
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
      case Double number when number == Math.rint(number) && Math.abs(number) < 1e15 ->
          Long.toString(number.longValue()); // 3000, not 3000.0
      default -> value.toString();
    };
  }
}
