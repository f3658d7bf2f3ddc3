package dev.filigree.zoo.data;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Sources of documents by what a configuration says. */
public final class DocumentSources {
  /** The name of the JDK's own sources. */
  public static final String JDK = "jdk";

  private DocumentSources() {}

  /**
   * The source at some places, one after the other.
   *
   * @param places {@code jdk}, zip archives, files, folders
   * @param glob which files of an archive or folder; null for all, and java.base of the JDK
   * @param textKey key of the text in JSON lines
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
    String files = glob == null ? "**" : glob;
    if (place.toLowerCase(Locale.ROOT).endsWith(".zip")) {
      return new ZipSource(Path.of(place), files);
    }
    return new FileSource(Path.of(place), files, textKey);
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
      boolean[] wanted = {true};
      for (DocumentSource part : parts) {
        part.read(document -> wanted[0] = sink.accept(document));
        if (!wanted[0]) {
          return;
        }
      }
    }
  }
}
