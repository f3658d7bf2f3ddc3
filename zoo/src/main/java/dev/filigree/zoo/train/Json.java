package dev.filigree.zoo.train;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.util.Map;

/** JSON as the run directory has it: maps keep their order, numbers their precision. */
final class Json {
  private static final ObjectMapper MAPPER =
      JsonMapper.builder()
          .enable(DeserializationFeature.USE_LONG_FOR_INTS)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .enable(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS)
          .build();

  private static final ObjectMapper IN_ORDER =
      JsonMapper.builder().disable(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS).build();

  private Json() {}

  /** One line, keys in the map's order. */
  static String row(Map<String, ?> row) {
    return write(IN_ORDER, row, false);
  }

  /** One line, keys sorted. */
  static String line(Object value) {
    return write(MAPPER, value, false);
  }

  /** Several lines, keys sorted. */
  static String pretty(Object value) {
    return write(MAPPER, value, true) + "\n";
  }

  static JsonNode read(byte[] bytes) throws IOException {
    return MAPPER.readTree(bytes);
  }

  static Map<String, Object> readMap(byte[] bytes) throws IOException {
    return MAPPER.readValue(bytes, new TypeReference<Map<String, Object>>() {});
  }

  private static String write(ObjectMapper mapper, Object value, boolean pretty) {
    try {
      return pretty
          ? mapper.writerWithDefaultPrettyPrinter().writeValueAsString(value)
          : mapper.writeValueAsString(value);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("plain values can always be written", e);
    }
  }
}
