package dev.filigree.zoo.data;

import java.io.EOFException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystems;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;

/**
 * The entries of a zip archive that match a glob, each one document. Nothing is unpacked to disk.
 */
public final class ZipSource implements DocumentSource {
  private static final long MAX_ENTRY_BYTES = 64L << 20;
  private static final long MAX_TOTAL_BYTES = 16L << 30;
  private static final int MAX_ENTRIES = 5_000_000;

  private final Path archive;
  private final String glob;
  private final PathMatcher matcher;
  private final long maxEntryBytes;
  private final long maxTotalBytes;

  /**
   * @param glob which entries, by their whole name, such as {@code java.base/**.java}
   */
  public ZipSource(Path archive, String glob) {
    this(archive, glob, MAX_ENTRY_BYTES, MAX_TOTAL_BYTES);
  }

  ZipSource(Path archive, String glob, long maxEntryBytes, long maxTotalBytes) {
    this.archive = archive;
    this.glob = glob;
    this.matcher = FileSystems.getDefault().getPathMatcher("glob:" + glob);
    this.maxEntryBytes = maxEntryBytes;
    this.maxTotalBytes = maxTotalBytes;
  }

  @Override
  public String description() {
    return archive + "!" + glob;
  }

  @Override
  public String fingerprint() throws IOException {
    var text = new StringBuilder("zip\n");
    try (ZipFile zip = open()) {
      for (ZipEntry entry : entries(zip)) {
        text.append(entry.getName()).append(' ').append(entry.getSize());
        text.append(' ').append(entry.getCrc()).append('\n');
      }
    }
    return text.toString();
  }

  @Override
  public void read(Sink sink) throws IOException {
    long total = 0;
    try (ZipFile zip = open()) {
      for (ZipEntry entry : entries(zip)) {
        byte[] text = read(zip, entry);
        total += text.length;
        if (total > maxTotalBytes) {
          throw new DataException(archive + ": unpacks to more than " + maxTotalBytes + " bytes");
        }
        if (!sink.accept(new Document(entry.getName(), text))) {
          return;
        }
      }
    }
  }

  private byte[] read(ZipFile zip, ZipEntry entry) throws IOException {
    String name = archive + "!" + entry.getName();
    try (var in = new BoundedInput(zip.getInputStream(entry), maxEntryBytes, name)) {
      return in.readAllBytes();
    } catch (ZipException | EOFException e) {
      throw new DataException(name + ": damaged: " + e.getMessage(), e);
    }
  }

  private ZipFile open() throws IOException {
    try {
      return new ZipFile(archive.toFile(), StandardCharsets.UTF_8);
    } catch (ZipException | EOFException e) {
      throw new DataException(archive + ": not a zip archive: " + e.getMessage(), e);
    }
  }

  private List<ZipEntry> entries(ZipFile zip) {
    if (zip.size() > MAX_ENTRIES) {
      throw new DataException(archive + ": more than " + MAX_ENTRIES + " entries");
    }
    var entries = new ArrayList<ZipEntry>();
    for (var all = zip.entries(); all.hasMoreElements(); ) {
      ZipEntry entry = all.nextElement();
      if (matcher.matches(path(entry)) && !entry.isDirectory()) {
        entries.add(entry);
      }
    }
    return entries;
  }

  private Path path(ZipEntry entry) {
    try {
      Path path = Path.of(entry.getName());
      if (!path.isAbsolute() && !path.normalize().startsWith("..")) {
        return path;
      }
    } catch (InvalidPathException e) {
      // Refused below: a name that no file system has.
    }
    throw new DataException(
        archive + ": refused: its entry '" + printable(entry.getName()) + "' is no plain path");
  }

  private static String printable(String name) {
    return name.replaceAll("\\p{Cntrl}", "?");
  }
}
