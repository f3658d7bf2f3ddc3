package dev.filigree.zoo.eval;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.JsonNode;
import dev.filigree.io.Json;
import dev.filigree.zoo.data.DataException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A JSON object of a task's file.
 *
 * @param where file and line or number, for messages
 */
record JsonRecord(String where, JsonNode node) {
  /** The objects of a file of JSON lines. */
  static List<JsonRecord> lines(Path file) throws IOException {
    var records = new ArrayList<JsonRecord>();
    String text = new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
    int number = 0;
    for (String line : text.split("\n", -1)) {
      number++;
      if (!line.isBlank()) {
        records.add(new JsonRecord(file + ":" + number, parse(line, file + ":" + number)));
      }
    }
    return records;
  }

  /** The objects of a file that is one JSON array. */
  static List<JsonRecord> array(Path file) throws IOException {
    JsonNode root = parse(Files.readString(file), file.toString());
    if (!root.isArray()) {
      throw new DataException(file + ": expected a list of objects");
    }
    var records = new ArrayList<JsonRecord>();
    for (JsonNode node : root) {
      records.add(new JsonRecord(file + ", question " + (records.size() + 1), node));
    }
    return records;
  }

  private static JsonNode parse(String text, String where) {
    try {
      return Json.readStrictly(text); // what is said twice would be lost in silence
    } catch (JacksonException e) {
      throw new DataException(where + ": not valid JSON: " + e.getOriginalMessage(), e);
    }
  }

  /** A text, or a number as text. */
  String text(String key) {
    JsonNode value = node.path(key);
    if (!value.isTextual() && !value.isNumber()) {
      throw error("no text at the key '" + key + "'");
    }
    return value.asText();
  }

  JsonRecord object(String key) {
    if (!node.path(key).isObject()) {
      throw error("no object at the key '" + key + "'");
    }
    return new JsonRecord(where, node.path(key));
  }

  /** A list that is not empty, each element a record. */
  List<JsonRecord> list(String key) {
    if (!node.path(key).isArray() || node.path(key).isEmpty()) {
      throw error("no list at the key '" + key + "'");
    }
    return node.path(key).valueStream().map(item -> new JsonRecord(where, item)).toList();
  }

  /** A list of texts. */
  List<String> texts(String key) {
    return list(key).stream().map(item -> item.node.asText()).toList();
  }

  /** The numbers of an object by its keys, in order. */
  Map<String, Integer> numbers(String key) {
    var numbers = new LinkedHashMap<String, Integer>();
    object(key).node.properties().forEach(e -> numbers.put(e.getKey(), e.getValue().asInt()));
    return numbers;
  }

  DataException error(String message) {
    return new DataException(where + ": " + message);
  }
}
