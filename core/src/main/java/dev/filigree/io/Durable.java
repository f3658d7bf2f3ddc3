package dev.filigree.io;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/** Writing so that a file is there whole or not at all, also after a power cut. */
public final class Durable {
  private Durable() {}

  /** What writes the bytes of a file, from its beginning. */
  @FunctionalInterface
  public interface Content {
    /** Writes the content at the position of the channel. */
    void writeTo(FileChannel channel) throws IOException;
  }

  /**
   * Replaces a file, or makes it: written aside, synced, renamed.
   *
   * @throws IOException when it cannot be written; an old file is untouched then, and nothing half
   *     stays
   */
  public static void replace(Path file, Content content) throws IOException {
    Path aside = file.resolveSibling("." + file.getFileName() + ".tmp");
    try {
      write(aside, content);
      rename(aside, file);
    } finally {
      Files.deleteIfExists(aside);
    }
  }

  /** The same, of bytes. */
  public static void replace(Path file, byte[] content) throws IOException {
    replace(file, channel -> write(channel, ByteBuffer.wrap(content)));
  }

  /** The same, of a text in UTF-8. */
  public static void replace(Path file, String text) throws IOException {
    replace(file, text.getBytes(StandardCharsets.UTF_8));
  }

  /** Writes a file in place and syncs it, for a folder that is itself made aside. */
  public static void write(Path file, byte[] content) throws IOException {
    write(file, channel -> write(channel, ByteBuffer.wrap(content)));
  }

  private static void write(Path file, Content content) throws IOException {
    try (FileChannel channel =
        FileChannel.open(
            file,
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.WRITE)) {
      content.writeTo(channel);
      channel.force(true);
    }
  }

  /** Writes what remains of a buffer. */
  public static void write(FileChannel channel, ByteBuffer buffer) throws IOException {
    while (buffer.hasRemaining()) {
      channel.write(buffer);
    }
  }

  /**
   * Gives a file or folder, whose content is synced, its name; a file of that name is replaced, a
   * folder is not.
   */
  public static void rename(Path aside, Path name) throws IOException {
    Files.move(aside, name, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    syncFolder(Objects.requireNonNull(name.toAbsolutePath().getParent()));
  }

  /** Forces a file to the disk: content and metadata. */
  public static void syncFile(Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.force(true);
    }
  }

  /** Syncs the files of a folder without folders in it; returns their names, sorted. */
  public static List<String> syncFiles(Path folder) throws IOException {
    var names = new ArrayList<String>();
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.sorted().toList()) {
        syncFile(file);
        names.add(file.getFileName().toString());
      }
    }
    return names;
  }

  /** Makes the names in a folder durable; where folders cannot be synced, nothing. */
  public static void syncFolder(Path folder) throws IOException {
    if (System.getProperty("os.name", "").startsWith("Windows")) {
      return;
    }
    try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  /** Deletes a folder and what is in it; nothing where there is none. */
  public static void deleteTree(Path folder) throws IOException {
    if (!Files.exists(folder)) {
      return;
    }
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}
