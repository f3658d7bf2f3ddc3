package dev.filigree.safetensors;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The JSON header of a safetensors file: every tensor by name, in the order of their data. A header
 * comes from anywhere, so everything in it is checked before a tensor is made: names given once,
 * known types, shapes that need exactly the bytes they claim, and tensors that cover the data
 * without gap or overlap.
 */
record Header(Map<String, TensorEntry> entries, Map<String, String> metadata) {
  private static final int MAX_DIMENSIONS = 64;
  private static final JsonFactory JSON =
      JsonFactory.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .streamReadConstraints(StreamReadConstraints.builder().maxNestingDepth(8).build())
          .build();

  /**
   * Parses and checks a header.
   *
   * @param dataBytes the size of the data after the header
   * @param file names the file in error messages
   * @throws SafetensorsException for anything that is not a whole, consistent header
   */
  static Header parse(byte[] json, long dataBytes, String file) {
    try (JsonParser parser = JSON.createParser(json)) {
      var reader = new Reader(parser, file);
      reader.readAll();
      return new Header(contiguous(reader.entries, dataBytes, file), Map.copyOf(reader.metadata));
    } catch (JsonProcessingException e) {
      throw new SafetensorsException(
          file + ": the header is not valid JSON: " + e.getOriginalMessage(), e);
    } catch (IOException e) {
      throw new SafetensorsException(file + ": the header is not valid JSON", e);
    }
  }

  private static Map<String, TensorEntry> contiguous(
      List<TensorEntry> entries, long dataBytes, String file) {
    var ordered = new ArrayList<>(entries);
    ordered.sort(Comparator.comparingLong(TensorEntry::begin).thenComparingLong(TensorEntry::end));
    var byName = new LinkedHashMap<String, TensorEntry>();
    long position = 0;
    for (TensorEntry entry : ordered) {
      if (entry.begin() != position) {
        throw new SafetensorsException(
            "%s: tensor '%s' starts at byte %d of the data, which %s (%d was expected)"
                .formatted(
                    file,
                    entry.name(),
                    entry.begin(),
                    entry.begin() < position ? "overlaps another tensor" : "leaves a gap",
                    position));
      }
      position = entry.end();
      byName.put(entry.name(), entry);
    }
    if (position != dataBytes) {
      throw new SafetensorsException(
          "%s: the header describes %d bytes of data but the file has %d: %s"
              .formatted(
                  file,
                  position,
                  dataBytes,
                  position > dataBytes
                      ? "it is cut short"
                      : "it has bytes that belong to nothing"));
    }
    return byName;
  }

  /** One pass over the JSON. */
  private static final class Reader {
    private final JsonParser parser;
    private final String file;
    private final List<TensorEntry> entries = new ArrayList<>();
    private final Map<String, String> metadata = new LinkedHashMap<>();

    Reader(JsonParser parser, String file) {
      this.parser = parser;
      this.file = file;
    }

    void readAll() throws IOException {
      expect(parser.nextToken(), JsonToken.START_OBJECT, "the header");
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String name = parser.currentName();
        if (name.equals("__metadata__")) {
          readMetadata();
        } else {
          readEntry(name);
        }
      }
      if (parser.nextToken() != null) {
        throw new SafetensorsException(file + ": the header goes on after its closing brace");
      }
    }

    private void readMetadata() throws IOException {
      expect(parser.nextToken(), JsonToken.START_OBJECT, "__metadata__");
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String key = parser.currentName();
        expect(parser.nextToken(), JsonToken.VALUE_STRING, "__metadata__." + key);
        metadata.put(key, parser.getText());
      }
    }

    private void readEntry(String name) throws IOException {
      expect(parser.nextToken(), JsonToken.START_OBJECT, "tensor '" + name + "'");
      ElementType type = null;
      List<Long> shape = null;
      List<Long> offsets = null;
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String key = parser.currentName();
        JsonToken value = parser.nextToken();
        switch (key) {
          case "dtype" -> {
            expect(value, JsonToken.VALUE_STRING, "dtype of tensor '" + name + "'");
            String found = parser.getText();
            type =
                ElementType.named(found)
                    .orElseThrow(
                        () ->
                            new SafetensorsException(
                                "%s: tensor '%s' has dtype '%s'; known are %s"
                                    .formatted(file, name, found, ElementType.names())));
          }
          case "shape" -> shape = readNumbers(value, "shape of tensor '" + name + "'");
          case "data_offsets" ->
              offsets = readNumbers(value, "data_offsets of tensor '" + name + "'");
          default ->
              throw new SafetensorsException(
                  "%s: tensor '%s' has an unknown field '%s'".formatted(file, name, key));
        }
      }
      if (type == null || shape == null || offsets == null || offsets.size() != 2) {
        throw new SafetensorsException(
            "%s: tensor '%s' needs a dtype, a shape and two data_offsets".formatted(file, name));
      }
      long begin = offsets.getFirst();
      long end = offsets.getLast();
      long needed = bytes(name, type, shape);
      if (end < begin || end - begin != needed) {
        throw new SafetensorsException(
            "%s: tensor '%s' of type %s and shape %s needs %d bytes, its data_offsets [%d, %d] give %d"
                .formatted(file, name, type, shape, needed, begin, end, end - begin));
      }
      entries.add(new TensorEntry(name, type, shape, begin, end));
    }

    private List<Long> readNumbers(JsonToken token, String what) throws IOException {
      expect(token, JsonToken.START_ARRAY, what);
      var numbers = new ArrayList<Long>();
      while (parser.nextToken() != JsonToken.END_ARRAY) {
        if (parser.currentToken() != JsonToken.VALUE_NUMBER_INT
            || parser.getNumberType() == JsonParser.NumberType.BIG_INTEGER
            || parser.getLongValue() < 0) {
          throw new SafetensorsException(
              "%s: %s must hold integers from 0 to 2^63 - 1, found %s"
                  .formatted(file, what, shortened(parser.getText())));
        }
        numbers.add(parser.getLongValue());
        if (numbers.size() > MAX_DIMENSIONS) {
          throw new SafetensorsException(
              "%s: %s has more than %d numbers".formatted(file, what, MAX_DIMENSIONS));
        }
      }
      return numbers;
    }

    private long bytes(String name, ElementType type, List<Long> shape) {
      try {
        long bytes = type.bytes();
        for (long dimension : shape) {
          bytes = Math.multiplyExact(bytes, dimension);
        }
        return bytes;
      } catch (ArithmeticException e) {
        throw new SafetensorsException(
            "%s: tensor '%s' has shape %s, more than 2^63 bytes".formatted(file, name, shape), e);
      }
    }

    private void expect(@Nullable JsonToken found, JsonToken expected, String what) {
      if (found != expected) {
        throw new SafetensorsException(
            "%s: %s must be %s"
                .formatted(
                    file,
                    what,
                    switch (expected) {
                      case START_OBJECT -> "an object";
                      case START_ARRAY -> "an array";
                      default -> "a text";
                    }));
      }
    }

    private static String shortened(String text) {
      return text.length() <= 40 ? text : text.substring(0, 40) + "...";
    }
  }
}
