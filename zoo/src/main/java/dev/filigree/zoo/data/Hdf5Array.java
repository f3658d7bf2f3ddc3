package dev.filigree.zoo.data;

import io.jhdf.HdfFile;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/** One integer dataset that lies in several HDF5 files, joined along its first axis. */
final class Hdf5Array {
  private final String name;
  private final List<Path> files;
  private final io.jhdf.api.Dataset[] parts;
  private final long[] starts; // first row of each part, then the end
  private final long[] rowShape; // the shape without its first axis

  /**
   * @param name of the dataset in each file
   * @throws DataException when a file lacks it, or has it in another shape than the first
   */
  Hdf5Array(List<Path> files, List<HdfFile> opened, String name) {
    this.name = name;
    this.files = files;
    parts = new io.jhdf.api.Dataset[files.size()];
    starts = new long[files.size() + 1];
    for (int i = 0; i < parts.length; i++) {
      parts[i] = Hdf5Files.dataset(files.get(i), opened.get(i), name);
      starts[i + 1] = starts[i] + parts[i].getDimensionsAsLong()[0];
    }
    rowShape = rowShape(parts[0]);
    for (int i = 1; i < parts.length; i++) {
      if (!Arrays.equals(rowShape, rowShape(parts[i]))) {
        throw new DataException(
            String.format(
                "%s: rows of '%s' have the shape %s, those of %s have %s",
                files.get(i),
                name,
                Arrays.toString(rowShape(parts[i])),
                files.getFirst(),
                Arrays.toString(rowShape)));
      }
    }
  }

  private static long[] rowShape(io.jhdf.api.Dataset part) {
    long[] shape = part.getDimensionsAsLong();
    return Arrays.copyOfRange(shape, 1, shape.length);
  }

  /** Rows in all files together. */
  long rows() {
    return starts[parts.length];
  }

  /** The shape of a row: none for a row that is a single number. */
  long[] rowShape() {
    return rowShape.clone();
  }

  /** Where a row is: its file, and its number in it. */
  String place(long row) {
    int found = Arrays.binarySearch(starts, row);
    int part = found >= 0 ? found : -found - 2;
    return "%s: row %d of '%s'".formatted(files.get(part), row - starts[part], name);
  }

  /** Elements of some rows, one after the other. The rows may lie in several files. */
  long[] read(long row, int count) {
    int width = Math.toIntExact(Arrays.stream(rowShape).reduce(1, Math::multiplyExact));
    long[] values = new long[Math.multiplyExact(count, width)];
    int done = 0;
    int found = Arrays.binarySearch(starts, row);
    int part = found >= 0 ? found : -found - 2;
    while (done < count) {
      long inside = row + done - starts[part];
      int take = (int) Math.min(count - done, starts[part + 1] - row - done);
      if (take > 0) {
        flatten(slice(part, inside, take), values, done * width);
      }
      done += take;
      part++;
    }
    return values;
  }

  private Object slice(int part, long row, int count) {
    long[] offset = new long[rowShape.length + 1];
    int[] shape = new int[rowShape.length + 1];
    offset[0] = row;
    shape[0] = count;
    for (int i = 0; i < rowShape.length; i++) {
      shape[i + 1] = Math.toIntExact(rowShape[i]);
    }
    return Hdf5Files.read(files.get(part), name, () -> parts[part].getData(offset, shape));
  }

  private int flatten(Object array, long[] target, int offset) {
    int next = offset;
    switch (array) {
      case long[] values -> {
        System.arraycopy(values, 0, target, next, values.length);
        next += values.length;
      }
      case int[] values -> {
        for (int value : values) {
          target[next++] = value;
        }
      }
      case short[] values -> {
        for (short value : values) {
          target[next++] = value;
        }
      }
      case byte[] values -> {
        for (byte value : values) {
          target[next++] = value;
        }
      }
      case Object[] nested -> {
        for (Object inner : nested) {
          next = flatten(inner, target, next);
        }
      }
      default ->
          throw new DataException(
              files.getFirst()
                  + ": '"
                  + name
                  + "' holds "
                  + array.getClass().getComponentType()
                  + ", expected integers");
    }
    return next;
  }
}
