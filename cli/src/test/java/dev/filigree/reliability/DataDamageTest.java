package dev.filigree.reliability;

import static org.assertj.core.api.Assertions.assertThat;

import com.github.luben.zstd.ZstdOutputStream;
import dev.filigree.config.ConfigReader;
import dev.filigree.zoo.data.DataConfig;
import dev.filigree.zoo.data.DataException;
import dev.filigree.zoo.data.DataSources;
import dev.filigree.zoo.data.Dataset;
import dev.filigree.zoo.data.DocumentSource;
import dev.filigree.zoo.data.FileSource;
import dev.filigree.zoo.data.Position;
import dev.filigree.zoo.data.ZipSource;
import io.jhdf.HdfFile;
import io.jhdf.api.DatasetCreationOptions;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.zip.GZIPOutputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.bytedeco.javacpp.PointerScope;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.opentest4j.AssertionFailedError;

/** Archives and data sets with changed bytes: refused in one line that names them, or read. */
@Tag("reliability")
class DataDamageTest {
  private static final int CHANGES = 2_000;
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final String LINE = "{\"text\": \"line %d of a text, which counts on\"}\n";

  @TempDir Path folder;
  private int refused;
  private int read;

  /** Reads all that a file holds. */
  @FunctionalInterface
  private interface Reader {
    void read(Path file) throws Exception;
  }

  private static void read(DocumentSource source) throws Exception {
    var documents = new ArrayList<String>();
    source.read(document -> documents.add(document.name()));
    source.fingerprint();
  }

  private static void readHdf5(Path file) throws Exception {
    Map<String, Object> block =
        Map.of(
            "data_processor",
            "GptHDF5MapDataProcessor",
            "data_dir",
            file.resolveSibling("").toString(),
            "max_sequence_length",
            8);
    try (var _ = new PointerScope()) {
      Dataset dataset =
          DataSources.open(
              DataConfig.read(
                  ConfigReader.of(block, "test").asMap(),
                  DataConfig.defaults(),
                  new ArrayList<>()));
      long last = dataset.size() - 1;
      dataset.read(List.of(new Position(0, 0), new Position(0, last / 2), new Position(0, last)));
    }
  }

  private static byte[] lines() {
    return IntStream.range(0, 200)
        .mapToObj(LINE::formatted)
        .reduce("", String::concat)
        .getBytes(StandardCharsets.UTF_8);
  }

  private Path pack(String name, Packing packing) throws Exception {
    Path file = Files.createDirectories(folder.resolve(name)).resolve(name);
    try (OutputStream out = packing.open(Files.newOutputStream(file))) {
      out.write(lines());
    }
    return file;
  }

  /** Packs what is written to it. */
  @FunctionalInterface
  private interface Packing {
    OutputStream open(OutputStream out) throws Exception;
  }

  private Path hdf5(String name, DatasetCreationOptions options) throws Exception {
    Path file = Files.createDirectories(folder.resolve(name)).resolve(name);
    try (var out = HdfFile.write(file)) {
      out.putDataset("data", IntStream.range(0, 300).toArray(), options);
    }
    return file;
  }

  @Test
  void archivesAndDataSetsWithChangedBytesAreRefusedOrRead() throws Exception {
    Reader text = file -> read(new FileSource(file, "**", "text"));
    change(pack("a.jsonl", out -> out), text);
    change(pack("a.jsonl.gz", GZIPOutputStream::new), text);
    change(pack("a.jsonl.zst", ZstdOutputStream::new), text);
    change(
        pack(
            "a.zip",
            out -> {
              var zip = new ZipOutputStream(out);
              for (String name : List.of("a/b.txt", "a/c.txt", "d.txt")) {
                zip.putNextEntry(new ZipEntry(name));
                zip.write("a line of a text\n".repeat(6).getBytes(StandardCharsets.UTF_8));
              }
              return zip;
            }),
        file -> read(new ZipSource(file, "**")));
    change(hdf5("plain.h5", DatasetCreationOptions.DEFAULT), DataDamageTest::readHdf5);
    change(
        hdf5(
            "packed.h5",
            DatasetCreationOptions.builder().chunkDimensions(64).shuffle().deflate().build()),
        DataDamageTest::readHdf5);
    assertThat(refused).isGreaterThan(CHANGES);
    assertThat(read).isPositive();
    Findings.add(
        "16-data",
        "zip, .gz, .zst, JSON lines and HDF5 files with changed or cut bytes",
        "%,d times".formatted(refused + read),
        "%,d refused with one line that names the file, %,d read as what they then hold; no crash"
            .formatted(refused, read),
        "nothing");
  }

  private void change(Path file, Reader reader) throws Exception {
    byte[] whole = Files.readAllBytes(file);
    reader.read(file);
    var random = new Random(file.getFileName().toString().hashCode());
    for (int i = 0; i < CHANGES; i++) {
      Files.write(file, changed(whole, i, random));
      String what = file.getFileName() + " " + i;
      Assertions.assertTimeoutPreemptively(PATIENCE, () -> check(file, reader, what), what);
    }
    Files.delete(file);
  }

  private static byte[] changed(byte[] whole, int number, Random random) {
    if (number % 5 == 0) {
      return Arrays.copyOf(whole, random.nextInt(whole.length));
    }
    byte[] changed = whole.clone();
    int times = 1 + random.nextInt(4);
    for (int i = 0; i < times; i++) {
      // Formats say at their beginning and at their end what is where.
      int place =
          switch (number % 3) {
            case 0 -> random.nextInt(Math.min(whole.length, 512));
            case 1 -> whole.length - 1 - random.nextInt(Math.min(whole.length, 512));
            default -> random.nextInt(whole.length);
          };
      changed[place] =
          (byte)
              (random.nextBoolean() ? changed[place] ^ (1 << random.nextInt(8)) : random.nextInt());
    }
    return changed;
  }

  private void check(Path file, Reader reader, String what) {
    try {
      reader.read(file);
      read++;
    } catch (DataException e) {
      assertThat(e.getMessage())
          .describedAs(what)
          .contains(file.resolveSibling("").toString())
          .doesNotContain("\n");
      refused++;
    } catch (Throwable e) {
      throw new AssertionFailedError(what + ": no clear error", e);
    }
  }
}
