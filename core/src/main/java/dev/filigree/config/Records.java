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
 * Records as blocks of configuration: a key for each component, {@code weightDecay} as {@code
 * weight_decay} unless it has a {@link Key}. Components are numbers, booleans, texts, constants of
 * an enum, paths, or lists of them; a value that the record's constructor refuses is an error at
 * the block.
 */
public final class Records {
  private Records() {}

  /**
   * The record of a block.
   *
   * @param defaults what keys that are not there stand for
   * @throws ConfigException for a value of another type, or one that the constructor refuses
   */
  public static <R extends Record> R read(ConfigMap block, R defaults) {
    return read(block, defaults, block::get);
  }

  /**
   * The record of a block that writes some of its keys otherwise.
   *
   * @param defaults what keys that are not there stand for
   * @param lookup the node for a key; empty where it is not there
   * @throws ConfigException for a value of another type, or one that the constructor refuses
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
   * The record of a block, each key of which must be there unless its component has a {@link
   * Default} or is an {@code OptionalLong}.
   *
   * @throws ConfigException for a missing key, a value of another type, or one that the constructor
   *     refuses
   */
  public static <R extends Record> R read(ConfigMap block, Class<R> type) {
    return read(block, type, UnaryOperator.identity());
  }

  /**
   * The same, under other keys.
   *
   * @param names the key in the block for the key of a component
   * @throws ConfigException for a missing key, a value of another type, or one that the constructor
   *     refuses
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
   * The record of a block, without the keys whose values the defaults have already.
   *
   * @throws ConfigException for a value of another type, or one that the constructor refuses
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
   * The block of a record, which {@link #read} reads back; components that are null or empty are
   * left out.
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

  /**
   * The key of a component: its {@link Key}, or its words in lower case with underscores between
   * them.
   */
  public static String key(RecordComponent component) {
    Key key = component.getAnnotation(Key.class);
    return key != null
        ? key.value()
        : component.getName().replaceAll("([a-z0-9])([A-Z])", "$1_$2").toLowerCase(Locale.ROOT);
  }

  /**
   * A value of a component's type.
   *
   * @throws ConfigException for another type
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
              "configuration holds no values of type " + type.getTypeName());
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
   * A record with other values of some components.
   *
   * @param changes values by the names of their components
   * @throws IllegalArgumentException for a component that the record does not have, and what its
   *     constructor says of the values
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

  /** A component's value. */
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
   * A record of these values.
   *
   * @throws IllegalArgumentException what its constructor says of them
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
          : new IllegalStateException(type + " cannot be made", e);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(type + " cannot be made", e);
    }
  }
}
