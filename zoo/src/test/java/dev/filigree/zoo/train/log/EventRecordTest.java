package dev.filigree.zoo.train.log;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HexFormat;
import java.util.LinkedHashMap;
import org.junit.jupiter.api.Test;

/** Against the bytes that TensorBoard 2.21's own writer gives for the same events. */
class EventRecordTest {
  private static String hex(byte[] record) {
    return HexFormat.of().formatHex(record);
  }

  @Test
  void theFirstRecordNamesTheVersion() {
    assertThat(hex(EventRecord.version(1.5)))
        .isEqualTo(
            "1800000000000000a37f4b2209000000000000f83f1a0d627261696e2e4576656e743a322a28646c");
  }

  @Test
  void aSessionStartsAtAStep() {
    assertThat(hex(EventRecord.sessionStart(2.25, 301)))
        .isEqualTo("100000000000000095fbfe1809000000000000024010ad023a020801518d2ae0");
  }

  @Test
  void scalarsAreASummary() {
    var values = new LinkedHashMap<String, Double>();
    values.put("train/loss", 2.5);
    values.put("val/é/loss", Double.POSITIVE_INFINITY);
    assertThat(hex(EventRecord.scalars(1764000000.125, 70000, values)))
        .isEqualTo(
            "36000000000000004f578cef09000008402049da4110f0a2042a270a110a0a747261696e2f6c6f737315"
                + "000020400a120a0b76616c2fc3a92f6c6f7373150000807f85345f8b");
  }
}
