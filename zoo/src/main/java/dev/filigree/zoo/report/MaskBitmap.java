package dev.filigree.zoo.report;

import dev.filigree.io.Durable;
import java.awt.image.BufferedImage;
import java.awt.image.DataBufferByte;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;

/** A mask as a black and white image: a pixel a weight, white where it is kept. */
final class MaskBitmap {
  private static final long MOST_PIXELS = 1L << 30;

  private final BufferedImage image;
  private final byte[] bits;
  private final int stride;

  MaskBitmap(int rows, int columns) {
    if (rows < 1 || columns < 1) {
      throw new IllegalArgumentException("an empty mask has no picture");
    }
    // TYPE_BYTE_BINARY packs eight pixels a byte, the leftmost in the highest bit.
    image = new BufferedImage(columns, rows, BufferedImage.TYPE_BYTE_BINARY);
    bits = ((DataBufferByte) image.getRaster().getDataBuffer()).getData();
    stride = (columns + 7) / 8;
  }

  /**
   * Reads what {@link #write} wrote.
   *
   * @throws IOException when the file is no PNG, or one of more than 2^30 pixels
   */
  static MaskBitmap read(Path file) throws IOException {
    BufferedImage read;
    try (ImageInputStream in = ImageIO.createImageInputStream(file.toFile())) {
      ImageReader png = ImageIO.getImageReadersByFormatName("png").next();
      try {
        png.setInput(in);
        if ((long) png.getWidth(0) * png.getHeight(0) > MOST_PIXELS) {
          throw new IOException(file + ": too large for a picture of a mask");
        }
        read = png.read(0);
      } finally {
        png.dispose();
      }
    }
    var bitmap = new MaskBitmap(read.getHeight(), read.getWidth());
    bitmap.image.createGraphics().drawImage(read, 0, 0, null);
    return bitmap;
  }

  void write(Path file) throws IOException {
    var png = new ByteArrayOutputStream();
    ImageIO.write(image, "png", png);
    Durable.replace(file, png.toByteArray());
  }

  int rows() {
    return image.getHeight();
  }

  int columns() {
    return image.getWidth();
  }

  void set(int row, int column) {
    bits[row * stride + column / 8] |= (byte) (0x80 >> column % 8);
  }

  boolean get(int row, int column) {
    return (bits[row * stride + column / 8] & (0x80 >> column % 8)) != 0;
  }
}
