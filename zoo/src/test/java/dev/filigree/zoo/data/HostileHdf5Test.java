package dev.filigree.zoo.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.filigree.config.ConfigReader;
import io.jhdf.HdfFile;
import io.jhdf.api.DatasetCreationOptions;
import io.jhdf.filter.Filter;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.zip.DeflaterOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** HDF5 files that are made to harm: what unpacks without end, and what points out of the file. */
class HostileHdf5Test {
  private static final int BOMB_MEBIBYTES = 300;

  @TempDir Path folder;

  private static Dataset open(Path folder) throws IOException {
    Map<String, Object> block =
        Map.of(
            "data_processor",
            "GptHDF5MapDataProcessor",
            "data_dir",
            folder.toString(),
            "max_sequence_length",
            4);
    return DataSources.open(
        DataConfig.read(
            ConfigReader.of(block, "test").asMap(), DataConfig.defaults(), new ArrayList<>()));
  }

  /** A filter that writes something else than it was given. */
  private static final class Packer implements Filter {
    private final int id;
    private final byte[] packed;

    Packer(int id, byte[] packed) {
      this.id = id;
      this.packed = packed;
    }

    @Override
    public int getId() {
      return id;
    }

    @Override
    public String getName() {
      return "hostile";
    }

    @Override
    public byte[] decode(byte[] data, int[] options) {
      return data;
    }

    @Override
    public byte[] encode(byte[] data, int[] options) {
      return packed;
    }
  }

  private void write(Filter... filters) {
    DatasetCreationOptions.Builder options = DatasetCreationOptions.builder().chunkDimensions(8);
    for (Filter filter : filters) {
      options.filter(filter, 6);
    }
    try (var file = HdfFile.write(folder.resolve("a.h5"))) {
      file.putDataset("data", new int[] {1, 2, 3, 4, 5, 6, 7, 8}, options.build());
    }
  }

  private static byte[] bomb() {
    var packed = new ByteArrayOutputStream();
    try (var out = new DeflaterOutputStream(packed)) {
      byte[] zeros = new byte[1 << 20];
      for (int i = 0; i < BOMB_MEBIBYTES; i++) {
        out.write(zeros);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return packed.toByteArray();
  }

  @Test
  void aChunkThatUnpacksWithoutEndIsRefused() throws Exception {
    write(new Packer(BoundedDeflate.ID, bomb()));
    assertThat(Files.size(folder.resolve("a.h5"))).isLessThan(1 << 20);
    Dataset dataset = open(folder);
    assertThatThrownBy(() -> dataset.read(List.of(new Position(0, 0))))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("unpacks to more than")
        .message()
        .doesNotContain("\n");
  }

  @Test
  void aChunkThatUnpacksToLessThanItSaysIsRefused() throws Exception {
    var packed = new ByteArrayOutputStream();
    try (var out = new DeflaterOutputStream(packed)) {
      out.write(new byte[3]);
    }
    write(new Packer(BoundedDeflate.ID, packed.toByteArray()));
    Dataset dataset = open(folder);
    assertThatThrownBy(() -> dataset.read(List.of(new Position(0, 0))))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("a.h5: 'data' cannot be read");
  }

  @ParameterizedTest
  @CsvSource({"32000, 0", "32004, 0", "1, 1"}) // LZF and LZ4; gzip in gzip, a bomb of bombs
  void otherFiltersAndFiltersTwiceAreRefused(int first, int second) throws Exception {
    var filters = new ArrayList<Filter>();
    filters.add(new Packer(first, new byte[32]));
    if (second > 0) {
      filters.add(new Packer(second, new byte[32]));
    }
    write(filters.toArray(Filter[]::new));
    assertThatThrownBy(() -> open(folder))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("a.h5: 'data' is packed with the filters")
        .hasMessageContaining("allowed: 1 (gzip), 2, 3, each once");
  }

  @ParameterizedTest
  @CsvSource({"external.h5", "soft.h5"})
  void aDatasetThatIsALinkIsNotFollowed(String name) throws Exception {
    Path links = Files.createDirectory(folder.resolve("links"));
    Files.copy(TestData.resource("hdf5-links/" + name), links.resolve(name));
    Path target = Files.createDirectory(folder.resolve("hdf5-corpus"));
    Files.copy(TestData.resource("hdf5-corpus/corpus-0.h5"), target.resolve("corpus-0.h5"));
    assertThatThrownBy(() -> open(links))
        .isInstanceOf(DataException.class)
        .hasMessageContaining(name + ": 'data' is a link; only datasets of the file itself");
  }
}
