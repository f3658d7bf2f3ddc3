package dev.filigree.config;

import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Maps records to blocks of configuration: one key per component, with {@code weightDecay} written
 * as {@code weight_decay} unless it has a {@link Key}. Components can be numbers, booleans,
 * strings, enum constants, paths, or lists of them. A value that the record's constructor rejects
 * is reported at its key.
 */
public final class Records {
  private Records() {}

  /**
   * Reads a record from a block.
   *
   * @param defaults the values of missing keys
   * @throws ConfigException if a value has the wrong type or the constructor rejects it
   */
  public static <R extends Record> R read(ConfigMap block, R defaults) {
    return read(block, defaults, block::get);
  }

  /**
   * Reads a record from a block in which some keys are written differently.
   *
   * @param defaults the values of missing keys
   * @param lookup returns the node for a key, or empty if it is missing
   * @throws ConfigException if a value has the wrong type or the constructor rejects it
   */
  public static <R extends Record> R read(
      ConfigMap block, R defaults, Function<String, Optional<ConfigNode>> lookup) {
    @SuppressWarnings("unchecked") // the class of a record of this type
    var type = (Class<R>) defaults.getClass();
    Map<String, Object> written = write(defaults);
    return make(
        block,
        type,
        component -> {
          String key = key(component);
          Optional<ConfigNode> node = lookup.apply(key);
          if (node.isPresent()) {
            return convert(node.get(), component);
          }
          if (written.containsKey(key)) {
            block.took(key, written.get(key));
          }
          return value(component, defaults);
        });
  }

  /**
   * Reads a record from a block. Every key is required unless its component has a {@link Default}
   * or is an {@code OptionalLong}.
   *
   * @throws ConfigException if a key is missing, a value has the wrong type or the constructor
   *     rejects it
   */
  public static <R extends Record> R read(ConfigMap block, Class<R> type) {
    return read(block, type, UnaryOperator.identity());
  }

  /**
   * Reads a record from a block that uses other keys. Every key is required unless its component
   * has a {@link Default} or is an {@code OptionalLong}.
   *
   * @param names maps the key of a component to the key in the block
   * @throws ConfigException if a key is missing, a value has the wrong type or the constructor
   *     rejects it
   */
  public static <R extends Record> R read(
      ConfigMap block, Class<R> type, UnaryOperator<String> names) {
    return make(
        block,
        type,
        component -> {
          String key = names.apply(key(component));
          Optional<ConfigNode> node = block.get(key).or(() -> missing(component));
          if (component.getType() == OptionalLong.class) {
            return node.map(stop -> OptionalLong.of(stop.asLong())).orElse(OptionalLong.empty());
          }
          return convert(node.orElseGet(() -> block.require(key)), component);
        });
  }

  /**
   * Reads a record from a block, except for some keys, which keep their defaults.
   *
   * @param defaults the values of missing and excluded keys
   * @param keys the keys not to read
   * @throws ConfigException if a value has the wrong type or the constructor rejects it
   */
  public static <R extends Record> R readWithout(ConfigMap block, R defaults, Set<String> keys) {
    return read(block, defaults, key -> keys.contains(key) ? Optional.empty() : block.get(key));
  }

  private static Optional<ConfigNode> missing(RecordComponent component) {
    return Optional.ofNullable(component.getAnnotation(Default.class))
        .map(text -> ConfigReader.parse(text.value(), component.getName()));
  }

  private static <R extends Record> R make(
      ConfigMap block, Class<R> type, Function<RecordComponent, @Nullable Object> values) {
    return block.build(() -> create(type, values));
  }

  /**
   * The block of a record, which {@link #read} reads back. Components that are null or empty are
   * omitted.
   */
  public static Map<String, Object> write(Record values) {
    var block = new LinkedHashMap<String, Object>();
    for (RecordComponent component : values.getClass().getRecordComponents()) {
      switch (value(component, values)) {
        case null -> {}
        case OptionalLong number -> number.ifPresent(value -> block.put(key(component), value));
        case Optional<?> other -> other.ifPresent(value -> block.put(key(component), plain(value)));
        case Object value -> block.put(key(component), plain(value));
      }
    }
    return block;
  }

  private static Object plain(Object value) {
    return switch (value) {
      case Enum<?> constant -> constant.name().toLowerCase(Locale.ROOT);
      case Path path -> path.toString();
      case Record block -> write(block);
      case List<?> items -> items.stream().map(Records::plain).toList();
      default -> value;
    };
  }

  /** The key of a component: its {@link Key} if it has one, otherwise its name in snake case. */
  public static String key(RecordComponent component) {
    Key key = component.getAnnotation(Key.class);
    return key != null
        ? key.value()
        : component.getName().replaceAll("([a-z0-9])([A-Z])", "$1_$2").toLowerCase(Locale.ROOT);
  }

  /**
   * Converts a node to the type of a component.
   *
   * @throws ConfigException if the node has another type
   * @throws IllegalArgumentException if configuration cannot hold values of the component's type
   */
  public static Object convert(ConfigNode node, RecordComponent component) {
    return convert(node, component.getGenericType());
  }

  private static Object convert(ConfigNode node, Type type) {
    return switch (type) {
      case ParameterizedType list when list.getRawType() == List.class ->
          node.asList().items().stream()
              .map(item -> convert(item, list.getActualTypeArguments()[0]))
              .toList();
      case Class<?> of when of == double.class || of == Double.class -> node.asDouble();
      case Class<?> of when of == boolean.class || of == Boolean.class -> node.asBoolean();
      case Class<?> of when of == int.class || of == Integer.class -> integer(node);
      case Class<?> of when of == long.class || of == Long.class -> node.asLong();
      case Class<?> of when of == String.class -> node.asString();
      case Class<?> of when of == Path.class -> node.asPath();
      case Class<?> of when of.isEnum() -> constant(node, of);
      default ->
          throw new IllegalArgumentException(
              "configuration cannot hold values of type " + type.getTypeName());
    };
  }

  private static int integer(ConfigNode node) {
    long value = node.asLong();
    if (value != (int) value) {
      throw node.error("must be below 2^31, found " + value);
    }
    return (int) value;
  }

  @SuppressWarnings({"unchecked", "rawtypes"}) // the class of an enum
  private static Object constant(ConfigNode node, Class<?> type) {
    return node.asEnum((Class) type);
  }

  /**
   * A copy of a record with some components changed.
   *
   * @param changes new values by component name
   * @throws IllegalArgumentException if the record has no such component, or its constructor
   *     rejects a value
   */
  public static <R extends Record> R with(R record, Map<String, ?> changes) {
    RecordComponent[] components = record.getClass().getRecordComponents();
    var names = Arrays.stream(components).map(RecordComponent::getName).toList();
    if (!names.containsAll(changes.keySet())) {
      throw new IllegalArgumentException(
          "found " + changes.keySet() + ", allowed: " + String.join(", ", names));
    }
    @SuppressWarnings("unchecked") // the class of a record of this type
    var type = (Class<R>) record.getClass();
    return create(
        type,
        component ->
            switch (changes.get(component.getName())) {
              case null -> value(component, record);
              case Number number when component.getType() == double.class -> number.doubleValue();
              case Object change -> change;
            });
  }

  /** The value of a component of a record. */
  public static @Nullable Object value(RecordComponent component, Record record) {
    try {
      var accessor = component.getAccessor();
      accessor.trySetAccessible();
      return accessor.invoke(record);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(component + " cannot be read", e);
    }
  }

  private static <R extends Record> R create(
      Class<R> type, Function<RecordComponent, @Nullable Object> values) {
    RecordComponent[] components = type.getRecordComponents();
    @Nullable Object[] all = new Object[components.length];
    for (int i = 0; i < all.length; i++) {
      all[i] = values.apply(components[i]);
    }
    return create(type, all);
  }

  /**
   * Creates a record from the values of its components, in their order.
   *
   * @throws IllegalArgumentException if the constructor rejects a value
   */
  public static <R extends Record> R create(Class<R> type, @Nullable Object[] values) {
    Class<?>[] types =
        Arrays.stream(type.getRecordComponents())
            .map(RecordComponent::getType)
            .toArray(Class<?>[]::new);
    try {
      Constructor<R> constructor = type.getDeclaredConstructor(types);
      constructor.trySetAccessible();
      return constructor.newInstance(values);
    } catch (InvocationTargetException e) {
      throw e.getCause() instanceof RuntimeException refused
          ? refused
          : new IllegalStateException(type + " cannot be created", e);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(type + " cannot be created", e);
    }
  }
}
