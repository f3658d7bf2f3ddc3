package dev.filigree.io;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.ObjectWriter;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.util.Map;

/** JSON: maps keep their order, numbers their precision, and nothing may follow a value. */
public final class Json {
  private static final ObjectMapper MAPPER =
      JsonMapper.builder()
          .enable(DeserializationFeature.USE_LONG_FOR_INTS)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();
  private static final ObjectWriter SORTED =
      MAPPER.writer(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS);
  private static final ObjectReader STRICT =
      MAPPER.reader().with(StreamReadFeature.STRICT_DUPLICATE_DETECTION);

  private Json() {}

  /** One line, keys in the map's order. */
  public static String row(Map<String, ?> row) {
    return write(MAPPER.writer(), row);
  }

  /** One line, keys sorted. */
  public static String line(Object value) {
    return write(SORTED, value);
  }

  /** Several lines, keys sorted, with a line end. */
  public static String pretty(Object value) {
    return write(SORTED.withDefaultPrettyPrinter(), value) + "\n";
  }

  /** Several lines, keys in the map's order, without a line end after the last. */
  public static String indented(Object value) {
    return write(MAPPER.writerWithDefaultPrettyPrinter(), value);
  }

  /**
   * Reads a value.
   *
   * @throws JsonProcessingException for what is no JSON
   */
  public static JsonNode read(byte[] bytes) throws IOException {
    return MAPPER.readTree(bytes);
  }

  /**
   * Reads a value.
   *
   * @throws JsonProcessingException for what is no JSON
   */
  public static JsonNode read(String text) throws JsonProcessingException {
    return MAPPER.readTree(text);
  }

  /**
   * Reads a value in which no key may stand twice.
   *
   * @throws JsonProcessingException for what is no JSON, and for a key that is there twice
   */
  public static JsonNode readStrictly(String text) throws JsonProcessingException {
    return STRICT.readTree(text);
  }

  /**
   * Reads an object as plain Java.
   *
   * @throws JsonProcessingException for what is no JSON object
   */
  public static Map<String, Object> readMap(byte[] bytes) throws IOException {
    return MAPPER.readValue(bytes, new TypeReference<Map<String, Object>>() {});
  }

  /**
   * Reads an object as a record.
   *
   * @throws JsonProcessingException for what is no JSON object of it
   */
  public static <T> T read(byte[] bytes, Class<T> type) throws IOException {
    return MAPPER.readValue(bytes, type);
  }

  private static String write(ObjectWriter writer, Object value) {
    try {
      return writer.writeValueAsString(value);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("plain values can always be written", e);
    }
  }
}
