package dev.filigree.zoo.train.log;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.CRC32C;

/** Reads TensorBoard's event files: only the fields that a run writes. */
public final class EventFiles {
  private EventFiles() {}

  /**
   * "step tag value" for a scalar, "step tag histogram of N from LOW to HIGH" for a histogram;
   * "step version" and "step start" for the others.
   */
  public static List<String> read(Path file) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
    var events = new ArrayList<String>();
    while (bytes.hasRemaining()) {
      ByteBuffer length = slice(bytes, 8);
      assertThat(bytes.getInt()).isEqualTo(checksum(length));
      ByteBuffer event = slice(bytes, (int) length.getLong(0));
      assertThat(bytes.getInt()).isEqualTo(checksum(event));
      read(event, events);
    }
    return events;
  }

  /** The event files of a run by name. */
  public static List<Path> of(Path run) throws IOException {
    try (Stream<Path> files = Files.list(run.resolve("events"))) {
      return files.sorted().toList();
    }
  }

  private static ByteBuffer slice(ByteBuffer bytes, int length) {
    ByteBuffer slice = bytes.slice(bytes.position(), length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.position(bytes.position() + length);
    return slice;
  }

  private static int checksum(ByteBuffer content) {
    var checksum = new CRC32C();
    checksum.update(content.duplicate());
    int value = (int) checksum.getValue();
    return ((value >>> 15) | (value << 17)) + 0xa282ead8;
  }

  private static void read(ByteBuffer event, List<String> events) {
    long step = 0;
    while (event.hasRemaining()) {
      switch ((int) varint(event)) {
        case 1 << 3 | 1 -> assertThat(event.getDouble()).isGreaterThan(1e9);
        case 2 << 3 -> step = varint(event);
        case 3 << 3 | 2 -> {
          assertThat(text(event)).isEqualTo("brain.Event:2");
          events.add(step + " version");
        }
        case 5 << 3 | 2 -> scalars(slice(event, (int) varint(event)), step, events);
        case 7 << 3 | 2 -> {
          assertThat(text(event)).isEqualTo("\b\u0001");
          events.add(step + " start");
        }
        default -> throw new AssertionError("an unknown field");
      }
    }
  }

  private static void scalars(ByteBuffer summary, long step, List<String> events) {
    while (summary.hasRemaining()) {
      assertThat(varint(summary)).isEqualTo(1 << 3 | 2);
      ByteBuffer value = slice(summary, (int) varint(summary));
      assertThat(varint(value)).isEqualTo(1 << 3 | 2);
      String tag = text(value);
      long kind = varint(value);
      if (kind == (5 << 3 | 2)) {
        events.add(step + " " + tag + " " + histogram(slice(value, (int) varint(value))));
      } else {
        assertThat(kind).isEqualTo(2 << 3 | 5);
        events.add(step + " " + tag + " " + value.getFloat());
      }
      assertThat(value.hasRemaining()).isFalse();
    }
  }

  private static String histogram(ByteBuffer bytes) {
    var numbers = new double[5];
    for (int field = 1; field <= 5; field++) {
      assertThat(varint(bytes)).isEqualTo((long) field << 3 | 1);
      numbers[field - 1] = bytes.getDouble();
    }
    double[] limits = doubles(bytes, 6);
    double[] counts = doubles(bytes, 7);
    assertThat(limits).hasSameSizeAs(counts).isSorted();
    assertThat(limits[limits.length - 1]).isEqualTo(numbers[1]);
    assertThat(Arrays.stream(counts).sum()).isEqualTo(numbers[2]);
    assertThat(bytes.hasRemaining()).isFalse();
    return "histogram of %s from %s to %s".formatted((int) numbers[2], numbers[0], numbers[1]);
  }

  private static double[] doubles(ByteBuffer bytes, int field) {
    assertThat(varint(bytes)).isEqualTo((long) field << 3 | 2);
    ByteBuffer packed = slice(bytes, (int) varint(bytes));
    var values = new double[packed.remaining() / 8];
    packed.asDoubleBuffer().get(values);
    return values;
  }

  private static long varint(ByteBuffer bytes) {
    long value = 0;
    for (int shift = 0; ; shift += 7) {
      byte next = bytes.get();
      value |= (long) (next & 0x7f) << shift;
      if (next >= 0) {
        return value;
      }
    }
  }

  private static String text(ByteBuffer bytes) {
    return StandardCharsets.UTF_8.decode(slice(bytes, (int) varint(bytes))).toString();
  }
}
