package dev.filigree.zoo.train;

import dev.filigree.io.Durable;
import dev.filigree.io.Failures;
import dev.filigree.sparsity.SparseParameter;
import dev.filigree.torch.Tensors;
import dev.filigree.zoo.train.checkpoint.CheckpointStore;
import dev.filigree.zoo.train.event.MaskStructure;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The first mask of each parameter and the weights that ever existed, two bits a weight. They are
 * saved with each checkpoint, in {@code mask-track/step-000100.bin} of the run directory: for each
 * parameter in the run's order its size, then both sets as 64-bit words, little-endian. Where a run
 * goes on without that file, both are unknown from then on.
 */
final class MaskTrack {
  private static final Logger LOG = LoggerFactory.getLogger(MaskTrack.class);
  private static final String FOLDER = "mask-track";

  /** The two sets of a parameter. */
  private record Sets(BitSet first, BitSet ever) {}

  private final Path folder;
  private final List<SparseParameter> parameters;
  private final Map<String, Sets> sets = new LinkedHashMap<>();

  /**
   * @param step optimizer steps finished before: the sets of a run that goes on are read
   */
  MaskTrack(Path runDirectory, List<SparseParameter> parameters, long step) {
    folder = runDirectory.resolve(FOLDER);
    this.parameters = parameters;
    if (step > 0) {
      read(file(step));
    }
  }

  /** Remembers the first masks; call it before the first step of a new run. */
  void begin() {
    for (SparseParameter parameter : parameters) {
      try (var _ = new PointerScope()) {
        BitSet mask = bits(parameter.mask());
        sets.put(parameter.name(), new Sets(mask, (BitSet) mask.clone()));
      }
    }
  }

  /** Takes in the mask that a parameter has now. */
  MaskStructure updated(SparseParameter parameter) {
    try (var _ = new PointerScope()) {
      Tensor mask = parameter.mask();
      boolean matrix = mask.dim() >= 2;
      long deadRows = matrix ? empty(mask, 1) : 0;
      long deadColumns = matrix ? empty(mask, 0) : 0;
      Sets known = sets.get(parameter.name());
      if (known == null) {
        return new MaskStructure(deadRows, deadColumns, null, null);
      }
      BitSet now = bits(mask);
      known.ever.or(now);
      long kept = now.cardinality();
      now.and(known.first);
      return new MaskStructure(
          deadRows,
          deadColumns,
          kept == 0 ? null : now.cardinality() / (double) kept,
          known.ever.cardinality() / (double) parameter.size());
    }
  }

  /** Slices without a weight, along the other dimension. */
  private static long empty(Tensor mask, long dimension) {
    Tensor rows = mask.reshape(mask.size(0), -1);
    return rows.any(dimension).logical_not().sum().item_long();
  }

  /**
   * Saves both sets beside the checkpoint of a step, and deletes those of checkpoints that are
   * gone.
   */
  void save(long step, CheckpointStore checkpoints) {
    if (sets.isEmpty()) {
      return;
    }
    Set<Path> kept =
        checkpoints.all().stream().map(saved -> file(saved.step())).collect(Collectors.toSet());
    try {
      Files.createDirectories(folder);
      Durable.replace(file(step), bytes());
      try (Stream<Path> files = Files.list(folder)) {
        for (Path old : files.toList()) {
          if (!kept.contains(old)) {
            Files.delete(old);
          }
        }
      }
    } catch (IOException e) {
      // The run does not need them: what is lost is two figures after a resume.
      LOG.warn("{}: cannot be written: {}", folder, Failures.reason(e));
    }
  }

  private Path file(long step) {
    return folder.resolve("step-%06d.bin".formatted(step));
  }

  private static int words(long size) {
    return Math.toIntExact((size + 63) / 64);
  }

  private byte[] bytes() {
    ByteBuffer out = ByteBuffer.allocate(Math.toIntExact(length())).order(ByteOrder.LITTLE_ENDIAN);
    for (SparseParameter parameter : parameters) {
      out.putLong(parameter.size());
      Sets known = sets.get(parameter.name());
      if (known == null) {
        throw new IllegalStateException("nothing is known of " + parameter.name());
      }
      for (BitSet set : List.of(known.first, known.ever)) {
        int end = out.position() + 8 * words(parameter.size());
        for (long word : set.toLongArray()) {
          out.putLong(word);
        }
        out.position(end);
      }
    }
    return out.array();
  }

  /** Bytes of a file. */
  private long length() {
    return 8 * parameters.stream().mapToLong(p -> 1 + 2L * words(p.size())).sum();
  }

  /** A file that is not there, or of other parameters, leaves both sets unknown. */
  private void read(Path file) {
    try {
      if (!Files.exists(file) || Files.size(file) != length()) {
        return;
      }
      ByteBuffer in = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
      for (SparseParameter parameter : parameters) {
        int length = 8 * words(parameter.size());
        if (in.getLong() != parameter.size()) {
          sets.clear();
          return;
        }
        sets.put(parameter.name(), new Sets(set(in, length), set(in, length)));
      }
    } catch (IOException e) {
      LOG.warn("{}: cannot be read: {}", file, Failures.reason(e));
      sets.clear();
    }
  }

  private static BitSet set(ByteBuffer in, int length) {
    BitSet set = BitSet.valueOf(in.slice(in.position(), length).order(ByteOrder.LITTLE_ENDIAN));
    in.position(in.position() + length);
    return set;
  }

  private static BitSet bits(Tensor mask) {
    Tensor host = mask.cpu().contiguous();
    MemorySegment bytes = Tensors.segment(host);
    int size = Math.toIntExact(host.numel());
    var bits = new BitSet(size);
    for (int i = 0; i < size; i++) {
      if (bytes.get(ValueLayout.JAVA_BYTE, i) != 0) {
        bits.set(i);
      }
    }
    return bits;
  }
}
