package dev.filigree.zoo.train;

import dev.filigree.io.Durable;
import dev.filigree.io.Failures;
import dev.filigree.mask.BitMask;
import dev.filigree.sparsity.SparseParameter;
import dev.filigree.torch.Tensors;
import dev.filigree.zoo.train.checkpoint.CheckpointStore;
import dev.filigree.zoo.train.event.MaskStructure;
import dev.filigree.zoo.train.event.WeightAges;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The first mask of each parameter and the weights that ever existed, two bits a weight. They are
 * saved with each checkpoint, in {@code mask-track/step-000100.bin} of the run directory: for each
 * parameter in the run's order its size, then both sets as 64-bit words, little-endian. Where a run
 * goes on without that file, both are unknown from then on. Where it is asked for the ages of
 * weights, {@link GrowthSteps} stand in {@code step-000100.ages} beside it.
 */
final class MaskTrack {
  private static final Logger LOG = LoggerFactory.getLogger(MaskTrack.class);
  private static final String FOLDER = "mask-track";
  private static final int CHUNK_WORDS = 1 << 13;

  /** The two sets of a parameter, a bit a weight. */
  private static final class Sets {
    final long[] first;
    final long[] ever;

    Sets(long[] first, long[] ever) {
      this.first = first;
      this.ever = ever;
    }
  }

  private final Path folder;
  private final List<SparseParameter> parameters;
  private final Map<String, Sets> sets = new LinkedHashMap<>();
  private final @Nullable GrowthSteps growth; // null where nobody asks for ages

  /**
   * @param ages whether the ages of weights are wanted
   * @param step optimizer steps finished before: the sets of a run that goes on are read
   */
  MaskTrack(Path runDirectory, List<SparseParameter> parameters, boolean ages, long step) {
    folder = runDirectory.resolve(FOLDER);
    this.parameters = parameters;
    growth = ages ? new GrowthSteps() : null;
    if (step > 0) {
      read(file(step));
      readAges(agesFile(step));
    }
  }

  /** Remembers the first masks; call it before the first step of a new run. */
  void begin() {
    for (SparseParameter parameter : parameters) {
      try (var _ = new PointerScope()) {
        long[] mask = bits(parameter.mask());
        sets.put(parameter.name(), new Sets(mask, mask.clone()));
        if (growth != null) {
          growth.begin(parameter.name(), mask);
        }
      }
    }
  }

  /** Takes in the mask that a parameter has after a step. */
  MaskStructure updated(SparseParameter parameter, long step) {
    try (var _ = new PointerScope()) {
      Tensor mask = parameter.mask();
      boolean matrix = mask.dim() >= 2;
      long deadRows = matrix ? empty(mask, 1) : 0;
      long deadColumns = matrix ? empty(mask, 0) : 0;
      Sets known = sets.get(parameter.name());
      if (known == null && growth == null) {
        return new MaskStructure(deadRows, deadColumns, null, null, null);
      }
      long[] now = bits(mask);
      WeightAges ages = growth == null ? null : growth.updated(parameter.name(), now, step);
      if (known == null) {
        return new MaskStructure(deadRows, deadColumns, null, null, ages);
      }
      long kept = 0;
      long common = 0;
      long explored = 0;
      for (int i = 0; i < now.length; i++) {
        known.ever[i] |= now[i];
        kept += Long.bitCount(now[i]);
        common += Long.bitCount(now[i] & known.first[i]);
        explored += Long.bitCount(known.ever[i]);
      }
      return new MaskStructure(
          deadRows,
          deadColumns,
          kept == 0 ? null : common / (double) kept,
          explored / (double) parameter.size(),
          ages);
    }
  }

  /** Ages of all weights that exist after a step; empty where they are unknown, or not wanted. */
  Optional<WeightAges> ages(long step) {
    return growth == null ? Optional.empty() : Optional.ofNullable(growth.all(step));
  }

  /** Slices without a weight, along the other dimension. */
  private static long empty(Tensor mask, long dimension) {
    Tensor rows = mask.reshape(mask.size(0), -1);
    return rows.any(dimension).logical_not().sum().item_long();
  }

  private static long[] bits(Tensor mask) {
    Tensor packed = BitMask.pack(mask);
    var words = new long[words(mask.numel())];
    ByteBuffer bytes = Tensors.segment(packed).asByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
    bytes.asLongBuffer().get(words, 0, bytes.remaining() / 8);
    for (int i = bytes.remaining() / 8 * 8; i < bytes.remaining(); i++) {
      words[i / 8] |= (bytes.get(i) & 0xffL) << (8 * (i % 8));
    }
    return words;
  }

  private static int words(long size) {
    return Math.toIntExact((size + 63) / 64);
  }

  /**
   * Saves what is known beside the checkpoint of a step, and deletes what belongs to checkpoints
   * that are gone.
   */
  void save(long step, CheckpointStore checkpoints) {
    boolean knowsAges = growth != null && !growth.isEmpty();
    if (sets.isEmpty() && !knowsAges) {
      return;
    }
    Set<Path> kept =
        checkpoints.all().stream()
            .flatMap(saved -> Stream.of(file(saved.step()), agesFile(saved.step())))
            .collect(Collectors.toSet());
    try {
      Files.createDirectories(folder);
      if (!sets.isEmpty()) {
        Durable.replace(file(step), this::write);
      }
      if (growth != null && knowsAges) {
        Durable.replace(agesFile(step), growth::write);
      }
      try (Stream<Path> files = Files.list(folder)) {
        for (Path old : files.toList()) {
          if (!kept.contains(old)) {
            Files.delete(old);
          }
        }
      }
    } catch (IOException e) {
      // The run does not need them: what is lost is a few figures after a resume.
      LOG.warn("{}: cannot be written: {}", folder, Failures.reason(e));
    }
  }

  private Path file(long step) {
    return folder.resolve("step-%06d.bin".formatted(step));
  }

  private Path agesFile(long step) {
    return folder.resolve("step-%06d.ages".formatted(step));
  }

  /** Bytes of a file. */
  private long length() {
    return 8 * parameters.stream().mapToLong(p -> 1 + 2L * words(p.size())).sum();
  }

  private void write(FileChannel out) throws IOException {
    for (SparseParameter parameter : parameters) {
      Sets known = sets.get(parameter.name());
      if (known == null) {
        throw new IllegalStateException("nothing is known of " + parameter.name());
      }
      write(out, new long[] {parameter.size()});
      write(out, known.first);
      write(out, known.ever);
    }
  }

  static void write(FileChannel out, long[] words) throws IOException {
    for (int at = 0; at < words.length; at += CHUNK_WORDS) {
      int count = Math.min(CHUNK_WORDS, words.length - at);
      ByteBuffer chunk = ByteBuffer.allocate(8 * count).order(ByteOrder.LITTLE_ENDIAN);
      chunk.asLongBuffer().put(words, at, count);
      Durable.write(out, chunk);
    }
  }

  /** A file that is not there, or of other parameters, leaves both sets unknown. */
  private void read(Path file) {
    try {
      if (!Files.exists(file) || Files.size(file) != length()) {
        return;
      }
      try (FileChannel in = FileChannel.open(file)) {
        for (SparseParameter parameter : parameters) {
          if (read(in, 1)[0] != parameter.size()) {
            sets.clear();
            return;
          }
          int words = words(parameter.size());
          sets.put(parameter.name(), new Sets(read(in, words), read(in, words)));
        }
      }
    } catch (IOException e) {
      LOG.warn("{}: cannot be read: {}", file, Failures.reason(e));
      sets.clear();
    }
  }

  private void readAges(Path file) {
    if (growth == null || !Files.exists(file)) {
      return;
    }
    try (FileChannel in = FileChannel.open(file);
        var _ = new PointerScope()) {
      for (SparseParameter parameter : parameters) {
        growth.read(in, parameter.name(), bits(parameter.mask()));
      }
    } catch (IOException e) {
      LOG.warn("{}: cannot be read: {}", file, Failures.reason(e));
      growth.forget();
    }
  }

  static long[] read(FileChannel in, int count) throws IOException {
    var words = new long[count];
    for (int at = 0; at < count; at += CHUNK_WORDS) {
      int here = Math.min(CHUNK_WORDS, count - at);
      ByteBuffer chunk = ByteBuffer.allocate(8 * here).order(ByteOrder.LITTLE_ENDIAN);
      while (chunk.hasRemaining()) {
        if (in.read(chunk) < 0) {
          throw new IOException("the file ends early");
        }
      }
      chunk.flip().asLongBuffer().get(words, at, here);
    }
    return words;
  }
}
