package dev.filigree.zoo.report;

import java.awt.image.BufferedImage;
import java.util.Arrays;

/**
 * Masks as pictures to look at: transparent where nothing is, so that they fit a light and a dark
 * page. A mask larger than the picture is drawn in cells of several weights.
 */
final class MaskImage {
  private static final int MAX_SIDE = 256;
  private static final int DETAIL_SIDE = 64;

  private static final int KEPT = 0x6b7fd7;
  private static final int GROWN = 0x2fb380;
  private static final int DROPPED = 0xf0803c;

  private MaskImage() {}

  /** A picture and the range of densities from transparent to full colour. */
  record Density(BufferedImage image, double low, double high) {}

  /** How many weights are kept in each cell; a picture of single weights when the mask is small. */
  static Density density(MaskBitmap mask) {
    int cell = cell(mask);
    var counts = new double[Math.ceilDiv(mask.rows(), cell)][Math.ceilDiv(mask.columns(), cell)];
    for (int row = 0; row < counts.length; row++) {
      for (int column = 0; column < counts[0].length; column++) {
        counts[row][column] = density(mask, row * cell, column * cell, cell);
      }
    }
    double[] sorted = Arrays.stream(counts).flatMapToDouble(Arrays::stream).sorted().toArray();
    // A few outliers, such as dead columns, must not flatten the rest.
    int outliers = sorted.length / 100;
    if (sorted[outliers] == sorted[sorted.length - 1 - outliers]) {
      outliers = 0;
    }
    double low = cell == 1 ? 0 : sorted[outliers];
    double high = cell == 1 ? 1 : sorted[sorted.length - 1 - outliers];
    var image = image(counts.length, counts[0].length);
    for (int row = 0; row < counts.length; row++) {
      for (int column = 0; column < counts[0].length; column++) {
        double share = high > low ? (counts[row][column] - low) / (high - low) : high;
        image.setRGB(column, row, argb(Math.clamp(share, 0, 1), KEPT));
      }
    }
    return new Density(image, low, high);
  }

  /** What was kept, grown and dropped between two masks of one shape, mixed by their share. */
  static BufferedImage change(MaskBitmap before, MaskBitmap after) {
    int cell = cell(after);
    return change(before, after, cell, after.rows(), after.columns());
  }

  /** The top left corner of {@link #change}, a pixel a weight. */
  static BufferedImage changeDetail(MaskBitmap before, MaskBitmap after) {
    return change(
        before,
        after,
        1,
        Math.min(DETAIL_SIDE, after.rows()),
        Math.min(DETAIL_SIDE, after.columns()));
  }

  /** Whether {@link #change} shows cells of several weights. */
  static boolean isCoarse(MaskBitmap mask) {
    return cell(mask) > 1;
  }

  private static BufferedImage change(
      MaskBitmap before, MaskBitmap after, int cell, int rows, int columns) {
    var image = image(Math.ceilDiv(rows, cell), Math.ceilDiv(columns, cell));
    for (int y = 0; y < image.getHeight(); y++) {
      for (int x = 0; x < image.getWidth(); x++) {
        image.setRGB(x, y, changeColour(before, after, y * cell, x * cell, cell));
      }
    }
    return image;
  }

  private static int changeColour(
      MaskBitmap before, MaskBitmap after, int top, int left, int cell) {
    int kept = 0;
    int grown = 0;
    int dropped = 0;
    for (int row = top; row < Math.min(after.rows(), top + cell); row++) {
      for (int column = left; column < Math.min(after.columns(), left + cell); column++) {
        boolean was = before.get(row, column);
        boolean is = after.get(row, column);
        kept += was && is ? 1 : 0;
        grown += !was && is ? 1 : 0;
        dropped += was && !is ? 1 : 0;
      }
    }
    int touched = kept + grown + dropped;
    if (touched == 0) {
      return 0;
    }
    int colour = 0;
    for (int shift = 0; shift <= 16; shift += 8) {
      int sum =
          kept * ((KEPT >> shift) & 0xff)
              + grown * ((GROWN >> shift) & 0xff)
              + dropped * ((DROPPED >> shift) & 0xff);
      colour |= (sum / touched) << shift;
    }
    return argb(1, colour);
  }

  private static double density(MaskBitmap mask, int top, int left, int cell) {
    int bottom = Math.min(mask.rows(), top + cell);
    int right = Math.min(mask.columns(), left + cell);
    int kept = 0;
    for (int row = top; row < bottom; row++) {
      for (int column = left; column < right; column++) {
        kept += mask.get(row, column) ? 1 : 0;
      }
    }
    return kept / (double) ((bottom - top) * (right - left));
  }

  private static int cell(MaskBitmap mask) {
    return Math.ceilDiv(Math.max(mask.rows(), mask.columns()), MAX_SIDE);
  }

  private static BufferedImage image(int rows, int columns) {
    return new BufferedImage(columns, rows, BufferedImage.TYPE_INT_ARGB);
  }

  private static int argb(double opacity, int colour) {
    return ((int) Math.round(255 * opacity) << 24) | colour;
  }
}
