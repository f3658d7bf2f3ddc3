package dev.filigree.zoo.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.image.BufferedImage;
import org.junit.jupiter.api.Test;

class MaskImageTest {
  private static final int KEPT = 0xff6b7fd7;
  private static final int GROWN = 0xff2fb380;
  private static final int DROPPED = 0xfff0803c;

  private static MaskBitmap mask(String... rows) {
    var bitmap = new MaskBitmap(rows.length, rows[0].length());
    for (int row = 0; row < rows.length; row++) {
      for (int column = 0; column < rows[row].length(); column++) {
        if (rows[row].charAt(column) == '#') {
          bitmap.set(row, column);
        }
      }
    }
    return bitmap;
  }

  @Test
  void eachWeightOfASmallMaskHasTheColourOfWhatBecameOfIt() {
    BufferedImage image = MaskImage.change(mask("##.", "..."), mask("#.#", "..."));
    assertThat(image.getRGB(0, 0)).isEqualTo(KEPT);
    assertThat(image.getRGB(1, 0)).isEqualTo(DROPPED);
    assertThat(image.getRGB(2, 0)).isEqualTo(GROWN);
    assertThat(image.getRGB(0, 1)).isZero();
  }

  @Test
  void aLargeMaskIsDrawnInCellsThatCoverAllOfIt() {
    var mask = new MaskBitmap(1000, 513);
    for (int row = 0; row < 1000; row++) {
      mask.set(row, 512);
    }
    MaskImage.Density density = MaskImage.density(mask);
    assertThat(density.image().getHeight()).isEqualTo(250);
    assertThat(density.image().getWidth()).isEqualTo(129);
    assertThat(density.image().getRGB(0, 0) >>> 24).isZero();
    assertThat(density.image().getRGB(128, 249)).isEqualTo(KEPT);
  }

  @Test
  void theDetailIsTheTopLeftCorner() {
    var before = new MaskBitmap(300, 300);
    var after = new MaskBitmap(300, 300);
    after.set(63, 63);
    BufferedImage detail = MaskImage.changeDetail(before, after);
    assertThat(detail.getWidth()).isEqualTo(64);
    assertThat(detail.getRGB(63, 63)).isEqualTo(GROWN);
  }
}
