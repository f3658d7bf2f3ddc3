package dev.filigree.cli;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;

/** Tiny data in the layouts that users have: texts, MNIST's idx files, CIFAR-10's binaries. */
final class WalkData {
  /** Height and width of the pictures in {@code mnist}. */
  static final int MNIST_SIDE = 8;

  private static final int CIFAR_BYTES = 3 * 32 * 32;
  private static final int IDX_LABELS = 0x0801;
  private static final int IDX_PICTURES = 0x0803;
  private static final int CLASSES = 10;

  private final Path folder;
  private final Random random = new Random(0);

  private WalkData(Path folder) {
    this.folder = folder;
  }

  /** Writes the folders {@code text}, {@code mnist} and {@code cifar}. */
  static void write(Path folder) throws IOException {
    var data = new WalkData(folder);
    for (String name : new String[] {"text", "mnist", "cifar"}) {
      Files.createDirectories(folder.resolve(name));
    }
    for (int i = 0; i < 10; i++) {
      Files.writeString(
          folder.resolve("text").resolve(i + ".txt"),
          "Row %d of a text that repeats itself. ".formatted(i).repeat(5));
    }
    data.idx("train", 24);
    data.idx("t10k", 8);
    for (int i = 1; i <= 5; i++) {
      data.cifar("data_batch_" + i, 4);
    }
    data.cifar("test_batch", 6);
  }

  private void idx(String part, int pictures) throws IOException {
    var images = new ByteArrayOutputStream();
    var labels = new ByteArrayOutputStream();
    var image = new DataOutputStream(images);
    var label = new DataOutputStream(labels);
    for (int number : new int[] {IDX_PICTURES, pictures, MNIST_SIDE, MNIST_SIDE}) {
      image.writeInt(number);
    }
    image.write(pixels(pictures * MNIST_SIDE * MNIST_SIDE));
    label.writeInt(IDX_LABELS);
    label.writeInt(pictures);
    for (int i = 0; i < pictures; i++) {
      label.writeByte(i % CLASSES);
    }
    Path mnist = folder.resolve("mnist");
    Files.write(mnist.resolve(part + "-images-idx3-ubyte"), images.toByteArray());
    Files.write(mnist.resolve(part + "-labels-idx1-ubyte"), labels.toByteArray());
  }

  private void cifar(String name, int pictures) throws IOException {
    var content = new ByteArrayOutputStream();
    for (int i = 0; i < pictures; i++) {
      content.write(i % CLASSES);
      content.write(pixels(CIFAR_BYTES));
    }
    Files.write(folder.resolve("cifar").resolve(name + ".bin"), content.toByteArray());
  }

  private byte[] pixels(int count) {
    byte[] pixels = new byte[count];
    random.nextBytes(pixels);
    return pixels;
  }
}
