package dev.filigree.zoo.data;

import io.jhdf.HdfFile;
import io.jhdf.api.Dataset;
import io.jhdf.api.Node;
import io.jhdf.api.dataset.ChunkedDataset;
import io.jhdf.exceptions.HdfFilterException;
import io.jhdf.filter.FilterManager;
import io.jhdf.filter.PipelineFilterWithData;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * HDF5 files, which may come from anywhere: whatever the library throws at a damaged or hostile one
 * becomes a {@link DataException}, and nothing unpacks to more than it says.
 */
final class Hdf5Files {
  /** A row, or a chunk, that is larger is no tokens. */
  private static final long MAX_BYTES = 256L << 20;

  /** The filters of HDF5 that every writer has: deflate, shuffle, Fletcher's checksum. */
  private static final Set<Integer> FILTERS = Set.of(BoundedDeflate.ID, 2, 3);

  static {
    FilterManager.addFilter(new BoundedDeflate(MAX_BYTES));
  }

  private Hdf5Files() {}

  static HdfFile open(Path file) throws IOException {
    LfsPointer.refuse(file);
    return guarded(file + ": not an HDF5 file", () -> new HdfFile(file));
  }

  static boolean has(Path file, HdfFile opened, String name) {
    return guarded(file + ": cannot be read", () -> opened.getChildren().containsKey(name));
  }

  /**
   * The dataset of a name.
   *
   * @throws DataException when there is none, or it is packed or shaped as no tokens are
   */
  static Dataset dataset(Path file, HdfFile opened, String name) {
    String where = file + ": '" + name + "'";
    Dataset dataset =
        guarded(
            file + ": has no dataset '" + name + "'",
            () -> {
              @Nullable Node child = opened.getChild(name);
              if (child != null && child.isLink()) {
                throw new DataException(
                    where + " is a link; only datasets of the file itself are read");
              }
              return opened.getDatasetByPath(name);
            });
    return guarded(
        where + " cannot be read",
        () -> {
          check(dataset, where);
          return dataset;
        });
  }

  static <T> T read(Path file, String name, Supplier<T> read) {
    return guarded(file + ": '" + name + "' cannot be read", read);
  }

  private static void check(Dataset dataset, String where) {
    long[] shape = dataset.getDimensionsAsLong();
    if (shape.length == 0 || Arrays.stream(shape).anyMatch(size -> size < 0)) {
      throw new DataException(where + " has the shape " + Arrays.toString(shape));
    }
    shape[0] = 1;
    checkSize(shape, dataset, "rows", where);
    if (dataset instanceof ChunkedDataset chunked) {
      checkSize(chunk(chunked), dataset, "chunks", where);
    }
    checkFilters(dataset, where);
  }

  private static long[] chunk(ChunkedDataset dataset) {
    return Arrays.stream(dataset.getChunkDimensions()).asLongStream().toArray();
  }

  private static void checkFilters(Dataset dataset, String where) {
    List<Integer> filters =
        dataset.getFilters().stream().map(PipelineFilterWithData::getId).toList();
    if (!FILTERS.containsAll(filters) || Set.copyOf(filters).size() != filters.size()) {
      throw new DataException(
          where
              + " is packed with the filters "
              + filters
              + "; allowed: 1 (gzip), 2, 3, each once");
    }
  }

  private static void checkSize(long[] shape, Dataset dataset, String what, String where) {
    double bytes = Math.max(1, dataset.getDataType().getSize());
    for (long size : shape) {
      bytes *= size;
    }
    if (bytes > MAX_BYTES) {
      throw new DataException(
          where + " has " + what + " of more than " + MAX_BYTES + " bytes, which no tokens have");
    }
  }

  private static <T> T guarded(String failure, Supplier<T> read) {
    try {
      return read.get();
    } catch (DataException e) {
      throw e;
    } catch (RuntimeException | VirtualMachineError e) {
      // The library meets damage with whatever it happens to: buffers that end or have no size,
      // null,
      // wrong casts.
      for (Throwable cause = e; cause != null; cause = cause.getCause()) {
        switch (cause) {
          case DataException own -> throw own;
          case HdfFilterException damaged ->
              throw new DataException(failure + ": " + reason(damaged), e);
          default -> {}
        }
      }
      throw new DataException(failure + ": " + reason(e), e);
    }
  }

  private static String reason(Throwable e) {
    String message = e.getMessage();
    return message == null || message.isBlank()
        ? e.getClass().getSimpleName()
        : message.lines().findFirst().orElse("");
  }
}
