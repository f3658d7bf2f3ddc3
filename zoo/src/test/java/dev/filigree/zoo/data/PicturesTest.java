package dev.filigree.zoo.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.filigree.config.ConfigException;
import dev.filigree.config.ConfigReader;
import dev.filigree.torch.Tensors;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PicturesTest {
  @TempDir Path folder;

  private Dataset open(String processor, boolean evaluation) throws IOException {
    var block = Map.of("data_processor", processor, "data_dir", folder.toString());
    var defaults = DataConfig.defaults();
    return DataSources.open(
        DataConfig.read(
            ConfigReader.of(block, "test").asMap(),
            evaluation ? defaults.forEvaluation() : defaults,
            new ArrayList<>()));
  }

  private void mnist(String part, int count) throws IOException {
    ByteBuffer pictures = ByteBuffer.allocate(16 + count * 6);
    pictures.putInt(0x0803).putInt(count).putInt(2).putInt(3);
    for (int i = 0; i < count * 6; i++) {
      pictures.put((byte) (i * 10));
    }
    Files.write(folder.resolve(part + "-images-idx3-ubyte"), pictures.array());
    ByteBuffer labels = ByteBuffer.allocate(8 + count);
    labels.putInt(0x0801).putInt(count);
    for (int i = 0; i < count; i++) {
      labels.put((byte) (9 - i));
    }
    Path packed = folder.resolve(part + "-labels-idx1-ubyte.gz");
    try (var out = new GZIPOutputStream(Files.newOutputStream(packed))) {
      out.write(labels.array());
    }
  }

  @Test
  void mnistPicturesAreNormalisedAndLabelsAreClasses() throws Exception {
    mnist("train", 4);
    mnist("t10k", 2);
    Dataset dataset = open("MnistDataProcessor", false);
    assertThat(dataset.size()).isEqualTo(4);
    Batch batch = dataset.read(List.of(new Position(0, 3), new Position(0, 0)));
    assertThat(Tensors.shape(batch.inputs())).containsExactly(2, 1, 2, 3);
    assertThat(TestData.longs(batch.labels())).containsExactly(6, 9);
    float[] values = TestData.floats(batch.inputs());
    assertThat(values[0]).isEqualTo((180 / 255f - 0.1307f) / 0.3081f, within(1e-5f));
    assertThat(values[6]).isEqualTo(-0.1307f / 0.3081f, within(1e-5f));
    assertThat(open("MnistDataProcessor", true).size()).isEqualTo(2);
  }

  @Test
  void cifarPicturesHaveThreeNormalisedPlanes() throws Exception {
    for (String name : List.of("1", "2", "3", "4", "5")) {
      byte[] picture = new byte[3073];
      picture[0] = Byte.parseByte(name);
      Arrays.fill(picture, 1, 1025, (byte) 255);
      Files.write(folder.resolve("data_batch_" + name + ".bin"), picture);
    }
    Dataset dataset = open("Cifar10DataProcessor", false);
    Batch batch = dataset.read(List.of(new Position(0, 4)));
    assertThat(Tensors.shape(batch.inputs())).containsExactly(1, 3, 32, 32);
    assertThat(TestData.longs(batch.labels())).containsExactly(5);
    float[] values = TestData.floats(batch.inputs());
    assertThat(values[1023]).isEqualTo((1 - 0.4914f) / 0.2470f, within(1e-5f));
    assertThat(values[1024]).isEqualTo(-0.4822f / 0.2435f, within(1e-5f));
    assertThat(values[3071]).isEqualTo(-0.4465f / 0.2616f, within(1e-5f));
  }

  @Test
  void filesThatWereUnpackedWithADotInTheirNamesAreRead() throws Exception {
    mnist("train", 4);
    Files.move(
        folder.resolve("train-images-idx3-ubyte"), folder.resolve("train-images.idx3-ubyte"));
    Dataset dataset = open("MnistDataProcessor", false);
    assertThat(dataset.size()).isEqualTo(4);
    assertThat(dataset.place(new Position(0, 3), "inputs"))
        .isEqualTo(folder.resolve("train-images.idx3-ubyte") + ": inputs of picture 3");
  }

  @Test
  void namesOfTheModelZooAreRead() throws Exception {
    mnist("train", 4);
    mnist("t10k", 2);
    var notes = new ArrayList<String>();
    var block =
        Map.of(
            "data_processor",
            "MNISTDataProcessor",
            "data_dir",
            folder.toString(),
            "split",
            "val",
            "drop_last_batch",
            true,
            "to_float16",
            true);
    DataConfig config =
        DataConfig.read(ConfigReader.of(block, "test").asMap(), DataConfig.defaults(), notes);
    assertThat(config.processor()).isEqualTo("MnistDataProcessor");
    assertThat(DataSources.open(config).size()).isEqualTo(2);
    assertThat(notes)
        .hasSize(2)
        .anySatisfy(note -> assertThat(note).contains("drop_last_batch: without effect"))
        .anySatisfy(note -> assertThat(note).contains("to_float16: without effect"));
    assertThatThrownBy(() -> open("ImageNet1KProcessor", false))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("data_processor: unknown data_processor 'ImageNet1KProcessor'");
  }

  @Test
  void missingAndDamagedFilesAreNamed() throws Exception {
    assertThatThrownBy(() -> open("MnistDataProcessor", false))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("train-images-idx3-ubyte: no such file, packed (.gz) or not");
    mnist("train", 2);
    Files.delete(folder.resolve("train-labels-idx1-ubyte.gz"));
    Files.write(
        folder.resolve("train-labels-idx1-ubyte"), new byte[] {0, 0, 8, 1, 0, 0, 0, 3, 1, 2, 3});
    assertThatThrownBy(() -> open("MnistDataProcessor", false))
        .hasMessageContaining("2 pictures, but 3 labels");
    Files.write(folder.resolve("train-images-idx3-ubyte"), new byte[40]);
    assertThatThrownBy(() -> open("MnistDataProcessor", false))
        .hasMessageContaining("not an idx file");
    for (String name : List.of("1", "2", "3", "4", "5")) {
      Files.write(folder.resolve("data_batch_" + name + ".bin"), new byte[100]);
    }
    assertThatThrownBy(() -> open("Cifar10DataProcessor", false))
        .hasMessageContaining("100 bytes are no whole pictures of 3073");
  }
}
