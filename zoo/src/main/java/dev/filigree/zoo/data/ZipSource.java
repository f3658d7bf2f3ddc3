package dev.filigree.zoo.data;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
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
 * The entries of a zip archive that match a glob, each taken for what it holds, as the files of a
 * folder. Nothing is unpacked to disk.
 */
public final class ZipSource implements DocumentSource {
  private static final long MAX_ENTRY_BYTES = 64L << 20;
  private static final long MAX_TOTAL_BYTES = 16L << 30;
  private static final int MAX_ENTRIES = 5_000_000;

  private final Path archive;
  private final String glob;
  private final String textKey;
  private final PathMatcher matcher;
  private final long maxEntryBytes;
  private final long maxTotalBytes;

  /**
   * @param glob which entries, by their whole name, such as {@code java.base/**.java}
   */
  public ZipSource(Path archive, String glob) {
    this(archive, glob, "text");
  }

  /**
   * @param glob which entries, by their whole name, such as {@code java.base/**.java}
   * @param textKey key of the text in objects of JSON
   */
  public ZipSource(Path archive, String glob, String textKey) {
    this(archive, glob, textKey, MAX_ENTRY_BYTES, MAX_TOTAL_BYTES);
  }

  ZipSource(Path archive, String glob, String textKey, long maxEntryBytes, long maxTotalBytes) {
    this.archive = archive;
    this.glob = glob;
    this.textKey = textKey;
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
    var text = new StringBuilder("zip by content ").append(textKey).append('\n');
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
    try (ZipFile zip = open()) {
      var files = new ArrayList<TextFile>();
      for (ZipEntry entry : entries(zip)) {
        String place = archive + "!" + entry.getName();
        files.add(
            new TextFile(
                entry.getName(),
                place,
                Math.max(0, entry.getSize()),
                () -> new BoundedInput(open(zip, entry), maxEntryBytes, place)));
      }
      if (files.isEmpty()) {
        throw new DataException(archive + ": no entry matches " + glob);
      }
      boolean chosen = !glob.equals(DocumentSources.ALL);
      new TextFiles(archive.toString(), textKey).read(files, chosen, new Total(sink));
    }
  }

  private InputStream open(ZipFile zip, ZipEntry entry) throws IOException {
    try {
      return zip.getInputStream(entry);
    } catch (ZipException | EOFException e) {
      throw new DataException(archive + "!" + entry.getName() + ": damaged: " + e.getMessage(), e);
    }
  }

  /** Counts what an archive unpacks to. */
  private final class Total implements Sink {
    private final Sink sink;
    private long bytes;

    Total(Sink sink) {
      this.sink = sink;
    }

    @Override
    public boolean accept(Document document) throws IOException {
      bytes += document.text().length;
      if (bytes > maxTotalBytes) {
        throw new DataException(archive + ": unpacks to more than " + maxTotalBytes + " bytes");
      }
      return sink.accept(document);
    }

    @Override
    public void note(String line) {
      sink.note(line);
    }
  }

  private ZipFile open() throws IOException {
    try {
      LfsPointer.refuse(archive);
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
