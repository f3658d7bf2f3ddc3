package dev.filigree.zoo.data;

import dev.filigree.torch.Tensors;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.List;
import org.bytedeco.pytorch.Tensor;

/** Small pictures with a class each, held in memory as bytes and handed out normalised. */
final class PictureDataset implements Dataset {
  /**
   * A file of pictures or of labels.
   *
   * @param pictures how many it holds
   */
  record Source(Path file, int pictures) {}

  private final String description;
  private final List<Source> pixelFiles;
  private final List<Source> classFiles;
  private final byte[] pixels; // [pictures, channels, height, width]
  private final byte[] classes; // [pictures]
  private final int channels;
  private final int height;
  private final int width;
  private final float[] scale; // [channels]
  private final float[] shift; // [channels]

  /**
   * @param pixelFiles where the pictures are stored, in order
   * @param classFiles where their classes are stored, in order
   * @param mean of the training pictures' pixels in [0, 1], for each channel
   * @param deviation their standard deviation, for each channel
   */
  PictureDataset(
      String description,
      List<Source> pixelFiles,
      List<Source> classFiles,
      byte[] pixels,
      byte[] classes,
      int height,
      int width,
      float[] mean,
      float[] deviation) {
    this.description = description;
    this.pixelFiles = List.copyOf(pixelFiles);
    this.classFiles = List.copyOf(classFiles);
    this.pixels = pixels;
    this.classes = classes;
    this.channels = mean.length;
    this.height = height;
    this.width = width;
    if (classes.length == 0 || pixels.length != classes.length * channels * height * width) {
      throw new DataException(
          String.format(
              "%s: %d classes for %d bytes of pictures of %d×%d×%d",
              description, classes.length, pixels.length, channels, height, width));
    }
    scale = new float[channels];
    shift = new float[channels];
    for (int i = 0; i < channels; i++) {
      scale[i] = 1 / (255 * deviation[i]);
      shift[i] = -mean[i] / deviation[i];
    }
  }

  @Override
  public String description() {
    return description;
  }

  @Override
  public long size() {
    return classes.length;
  }

  @Override
  public String place(Position position, String part) {
    long index = position.index();
    for (Source source : part.equals(DataLoader.LABELS) ? classFiles : pixelFiles) {
      if (index < source.pictures) {
        return "%s: %s of picture %d".formatted(source.file, part, index);
      }
      index -= source.pictures;
    }
    throw new IndexOutOfBoundsException(position.index());
  }

  @Override
  public Batch read(List<Position> positions) {
    int batch = positions.size();
    int plane = height * width;
    int picture = channels * plane;
    Tensor inputs = Tensors.float32(batch, channels, height, width);
    Tensor labels = Tensors.int64(batch);
    MemorySegment values = Tensors.segment(inputs);
    MemorySegment ids = Tensors.segment(labels);
    for (int i = 0; i < batch; i++) {
      int index = Math.toIntExact(positions.get(i).index());
      ids.setAtIndex(ValueLayout.JAVA_LONG, i, Byte.toUnsignedLong(classes[index]));
      for (int j = 0; j < picture; j++) {
        int channel = j / plane;
        float pixel = Byte.toUnsignedInt(pixels[index * picture + j]);
        values.setAtIndex(
            ValueLayout.JAVA_FLOAT,
            (long) i * picture + j,
            pixel * scale[channel] + shift[channel]);
      }
    }
    return new Batch(inputs, labels, null);
  }
}
