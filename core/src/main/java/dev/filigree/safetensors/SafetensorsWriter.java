package dev.filigree.safetensors;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import dev.filigree.io.Durable;
import dev.filigree.torch.Tensors;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;

/**
 * Writes safetensors files with the layout of the reference implementation: wider types first, then
 * by name, so that the same tensors give the same bytes.
 */
public final class SafetensorsWriter {
  private static final long WRITE_BYTES = 1L << 26;
  private static final JsonFactory JSON = new JsonFactory();

  private SafetensorsWriter() {}

  /**
   * Writes a file: aside first, synced to disk, then renamed, so that a killed process leaves no
   * half file under its name.
   *
   * @param metadata free-form strings for the header, such as {@code format: pt}
   * @throws SafetensorsException when a name is given twice, a source does not give what it
   *     announced, or the file cannot be written
   */
  public static void write(
      Path file, Collection<TensorSource> sources, Map<String, String> metadata) {
    var names = new HashSet<String>();
    for (TensorSource source : sources) {
      if (!names.add(source.name()) || source.name().equals("__metadata__")) {
        throw new SafetensorsException(
            "%s: cannot hold a tensor named '%s'%s"
                .formatted(
                    file, source.name(), source.name().startsWith("__") ? "" : " a second time"));
      }
    }
    List<TensorSource> ordered = new ArrayList<>(sources);
    ordered.sort(Comparator.comparing(TensorSource::type).thenComparing(TensorSource::name));
    try {
      Durable.replace(
          file,
          channel -> {
            Durable.write(channel, header(ordered, metadata));
            for (TensorSource source : ordered) {
              writeData(channel, source, file);
            }
          });
    } catch (IOException e) {
      throw new SafetensorsException(file + ": cannot be written: " + e.getMessage(), e);
    }
  }

  private static ByteBuffer header(List<TensorSource> sources, Map<String, String> metadata)
      throws IOException {
    var bytes = new ByteArrayOutputStream();
    try (JsonGenerator json = JSON.createGenerator(bytes)) {
      json.writeStartObject();
      if (!metadata.isEmpty()) {
        json.writeObjectFieldStart("__metadata__");
        for (var entry : new TreeMap<>(metadata).entrySet()) {
          json.writeStringField(entry.getKey(), entry.getValue());
        }
        json.writeEndObject();
      }
      long position = 0;
      for (TensorSource source : sources) {
        json.writeObjectFieldStart(source.name());
        json.writeStringField("dtype", source.type().name());
        json.writeArrayFieldStart("shape");
        for (long dimension : source.shape()) {
          json.writeNumber(dimension);
        }
        json.writeEndArray();
        json.writeArrayFieldStart("data_offsets");
        json.writeNumber(position);
        position += source.bytes();
        json.writeNumber(position);
        json.writeEndArray();
        json.writeEndObject();
      }
      json.writeEndObject();
    }
    // The data start at a multiple of 8, so that they can be mapped.
    while (bytes.size() % Long.BYTES != 0) {
      bytes.write(' ');
    }
    if (bytes.size() > SafetensorsFile.MAX_HEADER_BYTES) {
      throw new IOException("its header would be larger than the format allows");
    }
    ByteBuffer header =
        ByteBuffer.allocate(Long.BYTES + bytes.size()).order(ByteOrder.LITTLE_ENDIAN);
    return header.putLong(bytes.size()).put(bytes.toByteArray()).flip();
  }

  private static void writeData(FileChannel channel, TensorSource source, Path file)
      throws IOException {
    try (var _ = new PointerScope();
        var _ = new NoGradGuard()) {
      Tensor tensor = source.tensor().get().detach().cpu().contiguous();
      if (!Arrays.equals(Tensors.shape(tensor), dimensions(source))
          || ElementType.of(tensor) != source.type()) {
        throw new SafetensorsException(
            "%s: tensor '%s' is %s of shape %s, %s of shape %s was announced"
                .formatted(
                    file,
                    source.name(),
                    ElementType.of(tensor),
                    Arrays.toString(Tensors.shape(tensor)),
                    source.type(),
                    source.shape()));
      }
      MemorySegment memory = Tensors.segment(tensor);
      for (long done = 0; done < memory.byteSize(); done += WRITE_BYTES) {
        long part = Math.min(WRITE_BYTES, memory.byteSize() - done);
        Durable.write(channel, memory.asSlice(done, part).asByteBuffer());
      }
    }
  }

  private static long[] dimensions(TensorSource source) {
    return source.shape().stream().mapToLong(Long::longValue).toArray();
  }
}
