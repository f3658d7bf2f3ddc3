package dev.filigree.zoo.train.log;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.zip.CRC32C;

/**
 * A record of a TensorBoard event file: the protocol buffer {@code Event}, of which only scalars
 * and histograms are needed, in the frame of a TFRecord.
 */
final class EventRecord {
  /** What the first record of a file says: that steps may start over at a session's start. */
  private static final String VERSION = "brain.Event:2";

  // Wire types of a protocol buffer.
  private static final int VARINT = 0;
  private static final int FIXED64 = 1;
  private static final int BYTES = 2;
  private static final int FIXED32 = 5;

  private static final int BUCKETS = 30;

  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

  private EventRecord() {}

  /**
   * The first record of a file.
   *
   * @param seconds wall clock since 1970
   */
  static byte[] version(double seconds) {
    return event(seconds, 0).text(3, VERSION).framed();
  }

  /** A run that goes on: events of this step and later ones in older files count no more. */
  static byte[] sessionStart(double seconds, long step) {
    return event(seconds, step).message(7, new EventRecord().integer(1, 1)).framed();
  }

  /** Values by their tags. */
  static byte[] scalars(double seconds, long step, Map<String, Double> values) {
    var summary = new EventRecord();
    values.forEach(
        (tag, value) ->
            summary.message(1, new EventRecord().text(1, tag).float32(2, value.floatValue())));
    return event(seconds, step).message(5, summary).framed();
  }

  /** A distribution of values, in buckets of equal width over their range. */
  static byte[] histogram(double seconds, long step, String tag, double[] values) {
    var statistics = Arrays.stream(values).summaryStatistics();
    double low = statistics.getMin();
    double width = Math.max((statistics.getMax() - low) / BUCKETS, Double.MIN_NORMAL);
    var counts = new double[BUCKETS];
    for (double value : values) {
      counts[Math.clamp((int) ((value - low) / width), 0, BUCKETS - 1)]++;
    }
    double[] limits =
        IntStream.rangeClosed(1, BUCKETS)
            .mapToDouble(i -> i == BUCKETS ? statistics.getMax() : low + i * width)
            .toArray();
    var histogram =
        new EventRecord()
            .float64(1, low)
            .float64(2, statistics.getMax())
            .float64(3, values.length)
            .float64(4, statistics.getSum())
            .float64(5, Arrays.stream(values).map(value -> value * value).sum())
            .packed(6, limits)
            .packed(7, counts);
    var value = new EventRecord().text(1, tag).message(5, histogram);
    return event(seconds, step).message(5, new EventRecord().message(1, value)).framed();
  }

  private static EventRecord event(double seconds, long step) {
    var event = new EventRecord();
    event.key(1, FIXED64).fixed(8, buffer -> buffer.putDouble(seconds));
    return step == 0 ? event : event.integer(2, step);
  }

  private EventRecord key(int field, int type) {
    return varint(((long) field << 3) | type);
  }

  private EventRecord integer(int field, long value) {
    return key(field, VARINT).varint(value);
  }

  private EventRecord text(int field, String value) {
    return payload(field, value.getBytes(StandardCharsets.UTF_8));
  }

  private EventRecord float32(int field, float value) {
    return key(field, FIXED32).fixed(4, buffer -> buffer.putFloat(value));
  }

  private EventRecord float64(int field, double value) {
    return key(field, FIXED64).fixed(8, buffer -> buffer.putDouble(value));
  }

  private EventRecord packed(int field, double[] values) {
    ByteBuffer buffer = ByteBuffer.allocate(8 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    buffer.asDoubleBuffer().put(values);
    return payload(field, buffer.array());
  }

  private EventRecord message(int field, EventRecord message) {
    return payload(field, message.bytes.toByteArray());
  }

  private EventRecord payload(int field, byte[] content) {
    key(field, BYTES).varint(content.length);
    bytes.writeBytes(content);
    return this;
  }

  /** Seven bits a byte, the lowest first; the highest bit says that more follow. */
  private EventRecord varint(long value) {
    long rest = value;
    while ((rest & ~0x7fL) != 0) {
      bytes.write((int) ((rest & 0x7f) | 0x80));
      rest >>>= 7;
    }
    bytes.write((int) rest);
    return this;
  }

  private EventRecord fixed(int size, java.util.function.Consumer<ByteBuffer> value) {
    ByteBuffer buffer = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    value.accept(buffer);
    bytes.writeBytes(buffer.array());
    return this;
  }

  /** Length, its checksum, content, its checksum. */
  private byte[] framed() {
    byte[] content = bytes.toByteArray();
    byte[] length =
        ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(content.length).array();
    return ByteBuffer.allocate(content.length + 16)
        .order(ByteOrder.LITTLE_ENDIAN)
        .put(length)
        .putInt(maskedChecksum(length))
        .put(content)
        .putInt(maskedChecksum(content))
        .array();
  }

  /** Rotated and shifted by a constant, so that checksums of checksums differ. */
  private static int maskedChecksum(byte[] content) {
    var checksum = new CRC32C();
    checksum.update(content);
    return Integer.rotateRight((int) checksum.getValue(), 15) + 0xa282ead8;
  }
}
