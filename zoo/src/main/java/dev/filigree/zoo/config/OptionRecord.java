package dev.filigree.zoo.config;

import dev.filigree.config.ConfigMap;
import dev.filigree.config.ConfigNode;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * An optimizer's options as a YAML block: a key for each component of the record, {@code
 * weightDecay} as {@code weight_decay}. Two components are called otherwise, as in the Model Zoo:
 * {@code lr} is {@code learning_rate} too, {@code beta1} and {@code beta2} are the list {@code
 * betas}.
 */
final class OptionRecord {
  private OptionRecord() {}

  /** The record of a block; what it does not say is as in {@code defaults}. */
  static <R extends Record> R read(ConfigMap block, R defaults) {
    RecordComponent[] components = defaults.getClass().getRecordComponents();
    @Nullable Object[] values = new Object[components.length];
    for (int i = 0; i < components.length; i++) {
      values[i] = read(block, components[i], value(components[i], defaults));
    }
    return create(defaults, components, values);
  }

  private static @Nullable Object read(
      ConfigMap block, RecordComponent component, @Nullable Object fallback) {
    String name = component.getName();
    if (name.equals("beta1") || name.equals("beta2")) {
      return beta(block, name.equals("beta1") ? 0 : 1, component, fallback);
    }
    var node =
        name.equals("lr") ? block.get("learning_rate", "lr") : block.get(key(component.getName()));
    return node.isEmpty() ? fallback : convert(node.get(), component.getType());
  }

  private static @Nullable Object beta(
      ConfigMap block, int index, RecordComponent component, @Nullable Object fallback) {
    var betas = block.get("betas");
    if (betas.isEmpty()) {
      return block
          .get(component.getName())
          .<@Nullable Object>map(ConfigNode::asDouble)
          .orElse(fallback);
    }
    List<ConfigNode> items = betas.get().asList().items();
    if (items.size() != 2) {
      throw betas.get().error("expected two numbers, found " + items.size());
    }
    return items.get(index).asDouble();
  }

  private static Object convert(ConfigNode node, Class<?> type) {
    if (type == double.class || type == Double.class) {
      return node.asDouble();
    }
    if (type == boolean.class) {
      return node.asBoolean();
    }
    if (type == int.class) {
      return Math.toIntExact(node.asLong());
    }
    if (type == long.class) {
      return node.asLong();
    }
    for (Object constant : Objects.requireNonNull(type.getEnumConstants())) {
      if (constant.toString().equalsIgnoreCase(node.asString())) {
        return constant;
      }
    }
    throw node.error(
        "allowed: "
            + Arrays.toString(type.getEnumConstants()).toLowerCase(Locale.ROOT)
            + ", found "
            + node.kind());
  }

  /** The block of a record, which {@link #read} reads back. */
  static Map<String, Object> write(Record options) {
    var block = new LinkedHashMap<String, Object>();
    for (RecordComponent component : options.getClass().getRecordComponents()) {
      Object value = value(component, options);
      if (value != null) {
        block.put(
            component.getName().equals("lr") ? "learning_rate" : key(component.getName()),
            value instanceof Enum<?> constant ? constant.name().toLowerCase(Locale.ROOT) : value);
      }
    }
    Object first = block.remove("beta1");
    Object second = block.remove("beta2");
    if (first != null && second != null) {
      block.put("betas", List.of(first, second));
    } else if (first != null) {
      block.put("beta1", first);
    } else if (second != null) {
      block.put("beta2", second);
    }
    return block;
  }

  private static String key(String component) {
    return component.replaceAll("([a-z])([A-Z])", "$1_$2").toLowerCase(Locale.ROOT);
  }

  private static @Nullable Object value(RecordComponent component, Record options) {
    try {
      return component.getAccessor().invoke(options);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("options are public records", e);
    }
  }

  private static <R extends Record> R create(
      R defaults, RecordComponent[] components, @Nullable Object[] values) {
    Class<?>[] types =
        Arrays.stream(components).map(RecordComponent::getType).toArray(Class<?>[]::new);
    try {
      @SuppressWarnings("unchecked") // the class of a record of this type
      Constructor<R> constructor =
          (Constructor<R>) defaults.getClass().getDeclaredConstructor(types);
      return constructor.newInstance(values);
    } catch (InvocationTargetException e) {
      throw new IllegalArgumentException(
          e.getCause() == null ? "bad options" : e.getCause().getMessage(), e);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("options are public records", e);
    }
  }
}
