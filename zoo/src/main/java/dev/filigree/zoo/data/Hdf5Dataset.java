package dev.filigree.zoo.data;

import dev.filigree.torch.Tensors;
import io.jhdf.HdfFile;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.bytedeco.pytorch.Tensor;

/**
 * {@code GptHDF5MapDataProcessor}: the Model Zoo's HDF5 files (*.h5 in one or more folders). Three
 * layouts are read:
 *
 * <ul>
 *   <li>samples: {@code data} [samples, 3, sequence] with the rows input_ids, attention_mask (which
 *       says where the loss counts) and labels (already shifted);
 *   <li>samples with datasets of their own: {@code input_ids}, {@code labels} and, if there is one,
 *       {@code attention_mask}, each [samples, sequence];
 *   <li>a corpus: {@code data} [tokens], cut here into sequences of {@code max_sequence_length}.
 * </ul>
 */
final class Hdf5Dataset implements Dataset {
  private static final String DATA = "data";
  private static final int FEATURES = 3;
  private static final int PACKED_FEATURES = 5; // with attention_span and position_ids

  private final String description;
  private final long size;
  private final int sequenceLength;
  private final SampleReader reader;
  private final Places places;
  private final Optional<Tokenizer> tokenizer;

  private Hdf5Dataset(
      DataConfig config, long size, int sequenceLength, SampleReader reader, Places places) {
    this.description = String.join(", ", config.dataDirs());
    this.size = size;
    this.sequenceLength = sequenceLength;
    this.reader = reader;
    this.places = places;
    this.tokenizer = Optional.ofNullable(config.tokenizer()).map(Tokenizers::of);
    if (size < 1) {
      throw new DataException(
          description
              + ": holds no sequence"
              + (sequenceLength > 0 ? " of " + sequenceLength : ""));
    }
  }

  /** Fetches a sample: input ids, loss mask and labels, {@code sequenceLength} elements each. */
  private interface SampleReader {
    long[][] read(long index);
  }

  /** Says where inputs or labels of a sample are stored. */
  private interface Places {
    String of(long index, String part);
  }

  static Dataset open(DataConfig config) throws IOException {
    var files = new ArrayList<Path>();
    for (String folder : config.dataDirs()) {
      files.addAll(filesIn(Path.of(folder)));
    }
    var opened = new ArrayList<HdfFile>();
    for (Path file : files) {
      opened.add(Hdf5Files.open(file));
    }
    String description = String.join(", ", config.dataDirs());
    if (Hdf5Files.has(files.getFirst(), opened.getFirst(), "input_ids")) {
      return separate(files, opened, description, config);
    }
    var data = new Hdf5Array(files, opened, DATA);
    return data.rowShape().length == 0
        ? corpus(data, description, config)
        : samples(data, files, config);
  }

  private static List<Path> filesIn(Path folder) throws IOException {
    if (!Files.isDirectory(folder)) {
      throw new DataException(folder + ": no such folder");
    }
    try (var all = Files.list(folder)) {
      List<Path> files = all.filter(file -> file.toString().endsWith(".h5")).sorted().toList();
      if (files.isEmpty()) {
        throw new DataException(folder + ": has no *.h5 file");
      }
      return files;
    }
  }

  private static Dataset samples(Hdf5Array data, List<Path> files, DataConfig config) {
    long[] shape = data.rowShape();
    if (shape.length == 2 && shape[0] == PACKED_FEATURES) {
      throw packed(files.getFirst());
    }
    if (shape.length != 2 || shape[0] != FEATURES) {
      throw new DataException(
          files.getFirst()
              + ": rows of 'data' have the shape "
              + Arrays.toString(shape)
              + ", expected [3, sequence] (input_ids, attention_mask, labels)");
    }
    int length = length(shape[1], config);
    return new Hdf5Dataset(
        config,
        data.rows(),
        length,
        index -> {
          long[] row = data.read(index, 1);
          return new long[][] {
            Arrays.copyOfRange(row, 0, length),
            Arrays.copyOfRange(row, length, 2 * length),
            Arrays.copyOfRange(row, 2 * length, 3 * length)
          };
        },
        (index, part) -> data.place(index) + ", " + part);
  }

  private static DataException packed(Path file) {
    return new DataException(
        file
            + ": several texts to a sequence that do not see each other (attention_span) are not"
            + " supported; prepare the data without VSL");
  }

  private static Dataset separate(
      List<Path> files, List<HdfFile> opened, String description, DataConfig config) {
    if (Hdf5Files.has(files.getFirst(), opened.getFirst(), "attention_span")) {
      throw packed(files.getFirst());
    }
    var inputs = new Hdf5Array(files, opened, "input_ids");
    var labels = new Hdf5Array(files, opened, "labels");
    boolean masked = Hdf5Files.has(files.getFirst(), opened.getFirst(), "attention_mask");
    var masks = masked ? new Hdf5Array(files, opened, "attention_mask") : inputs;
    for (Hdf5Array array : List.of(labels, masks)) {
      if (array.rows() != inputs.rows() || !Arrays.equals(array.rowShape(), inputs.rowShape())) {
        throw new DataException(
            description + ": input_ids, attention_mask and labels differ in shape");
      }
    }
    if (inputs.rowShape().length != 1) {
      throw new DataException(
          files.getFirst() + ": input_ids must have the shape [samples, sequence]");
    }
    int length = length(inputs.rowShape()[0], config);
    long[] ones = new long[length];
    Arrays.fill(ones, 1);
    return new Hdf5Dataset(
        config,
        inputs.rows(),
        length,
        index ->
            new long[][] {
              inputs.read(index, 1), masked ? masks.read(index, 1) : ones, labels.read(index, 1)
            },
        (index, part) -> (part.equals(DataLoader.LABELS) ? labels : inputs).place(index));
  }

  private static Dataset corpus(Hdf5Array data, String description, DataConfig config) {
    Integer length = config.maxSequenceLength();
    if (length == null) {
      throw new DataException(
          description + ": holds a run of tokens, not sequences: max_sequence_length is missing");
    }
    long[] ones = new long[length];
    Arrays.fill(ones, 1);
    return new Hdf5Dataset(
        config,
        (data.rows() - 1) / length,
        length,
        index -> {
          long[] window = data.read(index * length, length + 1);
          return new long[][] {
            Arrays.copyOf(window, length), ones, Arrays.copyOfRange(window, 1, length + 1)
          };
        },
        (index, part) ->
            "%s, one of %,d from there on".formatted(data.place(index * length), length + 1L));
  }

  private static int length(long found, DataConfig config) {
    Integer wanted = config.maxSequenceLength();
    if (wanted != null && wanted != found) {
      throw new DataException(
          String.format(
              "max_sequence_length is %d, but the sequences of %s have %d",
              wanted, String.join(", ", config.dataDirs()), found));
    }
    return Math.toIntExact(found);
  }

  @Override
  public String description() {
    return description;
  }

  @Override
  public Optional<Tokenizer> tokenizer() {
    return tokenizer;
  }

  @Override
  public String place(Position position, String part) {
    return places.of(position.index(), part);
  }

  @Override
  public long size() {
    return size;
  }

  @Override
  public Batch read(List<Position> positions) {
    int batch = positions.size();
    Tensor inputs = Tensors.int64(batch, sequenceLength);
    Tensor labels = Tensors.int64(batch, sequenceLength);
    Tensor mask = Tensors.float32(batch, sequenceLength);
    MemorySegment maskValues = Tensors.segment(mask);
    boolean allCount = true;
    for (int i = 0; i < batch; i++) {
      long[][] sample = reader.read(positions.get(i).index());
      long row = (long) i * sequenceLength;
      copy(sample[0], Tensors.segment(inputs), row);
      copy(sample[2], Tensors.segment(labels), row);
      for (int j = 0; j < sequenceLength; j++) {
        allCount &= sample[1][j] != 0;
        maskValues.setAtIndex(ValueLayout.JAVA_FLOAT, row + j, sample[1][j] == 0 ? 0 : 1);
      }
    }
    return new Batch(inputs, labels, allCount ? null : mask);
  }

  private static void copy(long[] values, MemorySegment target, long offset) {
    MemorySegment.copy(
        values, 0, target, ValueLayout.JAVA_LONG, offset * Long.BYTES, values.length);
  }
}
