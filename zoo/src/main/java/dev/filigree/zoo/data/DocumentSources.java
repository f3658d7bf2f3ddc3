package dev.filigree.zoo.data;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Sources of documents by what a configuration says. */
public final class DocumentSources {
  /** The name of the JDK's own sources. */
  public static final String JDK = "jdk";

  /** The glob of every file. */
  static final String ALL = "**";

  private static final int[] ZIP = {'P', 'K', 3, 4};

  private DocumentSources() {}

  /**
   * The source at some places, one after the other.
   *
   * @param places {@code jdk}, zip archives, files, folders
   * @param glob which files of an archive or folder; null for all, and java.base of the JDK
   * @param textKey key of the text in objects of JSON
   * @throws DataException for a place that does not exist
   */
  public static DocumentSource of(List<String> places, @Nullable String glob, String textKey) {
    if (places.size() == 1) {
      return of(places.getFirst(), glob, textKey);
    }
    return new Joined(places.stream().map(place -> of(place, glob, textKey)).toList());
  }

  private static DocumentSource of(String place, @Nullable String glob, String textKey) {
    if (place.equals(JDK)) {
      return new ZipSource(JdkSources.find(), glob == null ? JdkSources.DEFAULT_GLOB : glob);
    }
    String files = glob == null ? ALL : glob;
    return isZip(place)
        ? new ZipSource(Path.of(place), files, textKey)
        : new FileSource(Path.of(place), files, textKey);
  }

  private static boolean isZip(String place) {
    if (place.toLowerCase(Locale.ROOT).endsWith(".zip")) {
      return true;
    }
    Path file = Path.of(place);
    if (!Files.isRegularFile(file)) {
      return false;
    }
    try (InputStream in = Files.newInputStream(file)) {
      return Packing.begins(in.readNBytes(ZIP.length), ZIP);
    } catch (IOException e) {
      return false; // said when it is read
    }
  }

  private record Joined(List<DocumentSource> parts) implements DocumentSource {
    @Override
    public String description() {
      return String.join(", ", parts.stream().map(DocumentSource::description).toList());
    }

    @Override
    public String fingerprint() throws IOException {
      var text = new StringBuilder();
      for (DocumentSource part : parts) {
        text.append(part.fingerprint()).append('\n');
      }
      return text.toString();
    }

    @Override
    public void read(Sink sink) throws IOException {
      for (DocumentSource part : parts) {
        var wanted = new Wanted(sink);
        part.read(wanted);
        if (!wanted.more) {
          return;
        }
      }
    }
  }

  /** Remembers whether a sink takes more. */
  private static final class Wanted implements DocumentSource.Sink {
    private final DocumentSource.Sink sink;
    private boolean more = true;

    Wanted(DocumentSource.Sink sink) {
      this.sink = sink;
    }

    @Override
    public boolean accept(Document document) throws IOException {
      more = sink.accept(document);
      return more;
    }

    @Override
    public void note(String line) {
      sink.note(line);
    }
  }
}
