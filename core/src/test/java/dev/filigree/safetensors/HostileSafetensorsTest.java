package dev.filigree.safetensors;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Files that lie about themselves are refused with one line that names the file. */
class HostileSafetensorsTest {
  @TempDir private Path folder;

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        // what the header says of 16 bytes of data | what the message must say
        "{} | it has bytes that belong to nothing",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[0,16]},\"b\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[0,16]}} | overlaps another tensor",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,12]},\"b\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,16]}} | overlaps another tensor",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,16]}} | leaves a gap",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[8],\"data_offsets\":[0,32]}} | it is cut short",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[5],\"data_offsets\":[0,16]}} | needs 20 bytes",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[16,0]}} | needs 16 bytes",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[-16,0]}} | integers from 0",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[-2,-2],\"data_offsets\":[0,16]}} | integers from 0",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[4.0],\"data_offsets\":[0,16]}} | integers from 0",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[18446744073709551620],\"data_offsets\":[0,16]}} | integers from 0",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[4294967296,4294967296],\"data_offsets\":[0,16]}} | more than 2^63 bytes",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[0,16,16]}} | two data_offsets",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[4]}} | two data_offsets",
        "{\"a\":{\"dtype\":\"F33\",\"shape\":[4],\"data_offsets\":[0,16]}} | dtype 'F33'; known are",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[0,16]},\"a\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[16,16]}} | Duplicate field 'a'",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[0,16],\"strides\":[1]}} | unknown field 'strides'",
        "{\"__metadata__\":{\"format\":{}},\"a\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[0,16]}} | must be a text",
        "{\"a\":[[[[[[[[[[1]]]]]]]]]]} | must be an object",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[[[[[[[[[1]]]]]]]]],\"data_offsets\":[0,16]}} | integers from 0",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[0,16]}}{} | after its closing brace",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[0,16]} | not valid JSON",
        "[1] | no JSON header",
        "{\"a\\nb\":1} | tensor 'a?b' must be an object",
      })
  void inconsistentHeadersAreRefused(String header, String message) throws IOException {
    byte[] json = header.getBytes(StandardCharsets.UTF_8);
    Path file = write(json.length, json, new byte[16]);

    assertRefused(file, message);
  }

  @ParameterizedTest
  @CsvSource({"-1", "9223372036854775807", "100000001", "4294967296", "1", "1000"})
  void headersLongerThanTheFileAreRefusedBeforeMemoryIsTaken(long length) throws IOException {
    assertRefused(write(length, new byte[] {'{', '}'}, new byte[0]), "claims a header of");
  }

  @Test
  void shortFilesAreRefused() throws IOException {
    Path file = folder.resolve("short.safetensors");
    Files.write(file, new byte[7]);

    assertRefused(file, "has 7 bytes");
  }

  @Test
  void missingFilesAreNamed() {
    assertRefused(folder.resolve("nowhere.safetensors"), "no such file");
  }

  @Test
  void veryManyDimensionsAreRefused() throws IOException {
    String header =
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[%s4],\"data_offsets\":[0,16]}}"
            .formatted("1,".repeat(64));
    byte[] json = header.getBytes(StandardCharsets.UTF_8);

    assertRefused(write(json.length, json, new byte[16]), "more than 64 numbers");
  }

  @Test
  void booleansOtherThanZeroAndOneAreRefused() throws IOException {
    byte[] json =
        "{\"a\":{\"dtype\":\"BOOL\",\"shape\":[3],\"data_offsets\":[0,3]}}"
            .getBytes(StandardCharsets.UTF_8);
    Path file = write(json.length, json, new byte[] {0, 1, 7});

    try (SafetensorsFile opened = SafetensorsFile.open(file)) {
      assertThatThrownBy(() -> opened.read("a"))
          .isInstanceOf(SafetensorsException.class)
          .hasMessageContaining("holds the byte 7");
    }
  }

  @ParameterizedTest
  @CsvSource({"../outside.safetensors", "/etc/passwd", "sub/file.safetensors", "..", "''"})
  void indexesThatPointOutOfTheFolderAreRefused(String place) throws IOException {
    Files.writeString(
        folder.resolve("model.safetensors.index.json"),
        "{\"weight_map\": {\"a\": \"%s\"}}".formatted(place));

    assertThatThrownBy(() -> SafetensorsFolder.open(folder))
        .isInstanceOf(SafetensorsException.class)
        .hasMessageContaining("not a file of this folder");
  }

  @Test
  void indexesThatPlaceATensorInTheWrongFileAreRefused() throws IOException {
    byte[] json = "{}".getBytes(StandardCharsets.UTF_8);
    Files.move(
        write(json.length, json, new byte[0]), folder.resolve("model-00001-of-00001.safetensors"));
    Files.writeString(
        folder.resolve("model.safetensors.index.json"),
        "{\"weight_map\": {\"a\": \"model-00001-of-00001.safetensors\"}}");

    assertThatThrownBy(() -> SafetensorsFolder.open(folder))
        .isInstanceOf(SafetensorsException.class)
        .hasMessageContaining("has no tensor 'a'");
  }

  private static void assertRefused(Path file, String message) {
    assertThatThrownBy(() -> SafetensorsFile.open(file))
        .isInstanceOf(SafetensorsException.class)
        .hasMessageContaining(message)
        .hasMessageContaining(file.toString())
        .message()
        .doesNotContain("\n");
  }

  private Path write(long length, byte[] header, byte[] data) throws IOException {
    Path file = folder.resolve("hostile.safetensors");
    Files.write(
        file,
        ByteBuffer.allocate(Long.BYTES + header.length + data.length)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putLong(length)
            .put(header)
            .put(data)
            .array());
    return file;
  }
}
