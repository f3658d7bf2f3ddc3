package dev.filigree.zoo.data;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** {@code MnistDataProcessor} and {@code Cifar10DataProcessor}: the files as they are published. */
final class Pictures {
  private static final int IDX_LABELS = 0x0801;
  private static final int IDX_PICTURES = 0x0803;
  private static final int CIFAR_SIDE = 32;
  private static final int CIFAR_PICTURE = 3 * CIFAR_SIDE * CIFAR_SIDE;

  private Pictures() {}

  /** MNIST and its kin: idx files, packed with gzip or not. */
  static Dataset mnist(DataConfig config) throws IOException {
    Path folder = folder(config);
    String part = config.split() == Split.VALIDATION ? "t10k" : "train";
    ByteBuffer pictures = idx(folder, part + "-images-idx3-ubyte", IDX_PICTURES);
    int count = pictures.getInt();
    int height = pictures.getInt();
    int width = pictures.getInt();
    ByteBuffer labels = idx(folder, part + "-labels-idx1-ubyte", IDX_LABELS);
    int labelCount = labels.getInt();
    if (count != labelCount || count != labels.remaining()) {
      throw new DataException(
          folder + ": " + count + " pictures, but " + labels.remaining() + " labels");
    }
    return new PictureDataset(
        folder + " " + part,
        List.of(new PictureDataset.Source(file(folder, part + "-images-idx3-ubyte"), count)),
        List.of(new PictureDataset.Source(file(folder, part + "-labels-idx1-ubyte"), count)),
        rest(pictures),
        rest(labels),
        height,
        width,
        new float[] {0.1307f},
        new float[] {0.3081f});
  }

  /** CIFAR-10, the binary version: a byte of class, then 3072 of red, green and blue. */
  static Dataset cifar10(DataConfig config) throws IOException {
    Path folder = folder(config);
    List<String> names =
        config.split() == Split.VALIDATION
            ? List.of("test_batch.bin")
            : List.of(
                "data_batch_1.bin",
                "data_batch_2.bin",
                "data_batch_3.bin",
                "data_batch_4.bin",
                "data_batch_5.bin");
    var sources = new ArrayList<PictureDataset.Source>();
    var pixels = new ByteArrayOutputStream();
    var classes = new ByteArrayOutputStream();
    for (String name : names) {
      byte[] content = content(folder, name);
      if (content.length == 0 || content.length % (CIFAR_PICTURE + 1) != 0) {
        throw new DataException(
            folder.resolve(name) + ": " + content.length + " bytes are no whole pictures of 3073");
      }
      sources.add(
          new PictureDataset.Source(file(folder, name), content.length / (CIFAR_PICTURE + 1)));
      for (int at = 0; at < content.length; at += CIFAR_PICTURE + 1) {
        classes.write(content[at]);
        pixels.write(content, at + 1, CIFAR_PICTURE);
      }
    }
    return new PictureDataset(
        folder + " " + config.split(),
        sources,
        sources,
        pixels.toByteArray(),
        classes.toByteArray(),
        CIFAR_SIDE,
        CIFAR_SIDE,
        new float[] {0.4914f, 0.4822f, 0.4465f},
        new float[] {0.2470f, 0.2435f, 0.2616f});
  }

  private static Path folder(DataConfig config) {
    Path folder = Path.of(config.dataDirs().getFirst());
    if (config.dataDirs().size() != 1 || !Files.isDirectory(folder)) {
      throw new DataException(
          "data_dir must name one folder with the files, found "
              + String.join(", ", config.dataDirs()));
    }
    return folder;
  }

  /** The content of an idx file, read up to its number of pictures or labels. */
  private static ByteBuffer idx(Path folder, String name, int expectedMagic) throws IOException {
    ByteBuffer content = ByteBuffer.wrap(content(folder, name));
    if (content.remaining() < 16 - (expectedMagic == IDX_LABELS ? 8 : 0)
        || content.getInt() != expectedMagic) {
      throw new DataException(folder.resolve(name) + ": not an idx file of the expected kind");
    }
    return content;
  }

  private static byte[] rest(ByteBuffer buffer) {
    byte[] rest = new byte[buffer.remaining()];
    buffer.get(rest);
    return rest;
  }

  /** The file of a name, packed or not; some programs unpack MNIST's with a dot before idx. */
  private static Path file(Path folder, String name) {
    String dotted = name.replace("-idx", ".idx");
    return Stream.of(name, name + ".gz", dotted, dotted + ".gz")
        .map(folder::resolve)
        .filter(Files::isRegularFile)
        .findFirst()
        .orElseThrow(
            () -> new DataException(folder.resolve(name) + ": no such file, packed (.gz) or not"));
  }

  private static byte[] content(Path folder, String name) throws IOException {
    Path file = file(folder, name);
    var content =
        new TextFile(
            file.getFileName().toString(),
            file.toString(),
            Files.size(file),
            () -> Files.newInputStream(file));
    try (InputStream in = content.open()) {
      return in.readAllBytes();
    }
  }
}
