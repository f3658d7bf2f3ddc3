package dev.filigree.zoo.data;

import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.util.ArrayList;
import java.util.List;

/**
 * A file, or the files below a folder that match a glob. Each is taken for what it holds, unpacked
 * where it is packed: documents in JSON, or a text. A text is one document in a folder; a text
 * given alone is cut into pieces at line ends, so that some of it can validate.
 */
public final class FileSource implements DocumentSource {
  private static final int MIN_PIECE_BYTES = 1 << 10;
  private static final int MAX_PIECE_BYTES = 64 << 10;
  private static final int PIECES = 64;

  private final Path root;
  private final String glob;
  private final String textKey;

  /**
   * @param root a file or a folder
   * @param glob which files of a folder, by their path in it, such as {@code **.txt}
   * @param textKey key of the text in objects of JSON
   * @throws DataException when there is no such file or folder
   */
  public FileSource(Path root, String glob, String textKey) {
    if (!Files.exists(root)) {
      throw new DataException(root + ": no such file or folder");
    }
    this.root = root;
    this.glob = glob;
    this.textKey = textKey;
  }

  @Override
  public String description() {
    return Files.isDirectory(root) ? root + "/" + glob : root.toString();
  }

  @Override
  public String fingerprint() throws IOException {
    var text = new StringBuilder("files by content ").append(textKey).append('\n');
    for (Path file : files()) {
      text.append(name(file)).append(' ').append(Files.size(file)).append(' ');
      text.append(Files.getLastModifiedTime(file).toMillis()).append('\n');
    }
    return text.toString();
  }

  @Override
  public void read(Sink sink) throws IOException {
    var files = new ArrayList<TextFile>();
    for (Path file : files()) {
      files.add(
          new TextFile(
              name(file), file.toString(), Files.size(file), () -> Files.newInputStream(file)));
    }
    if (!Files.isDirectory(root)
        && Content.of(files.getFirst(), textKey) instanceof Content.Plain) {
      readInPieces(files.getFirst(), sink);
    } else {
      new TextFiles(root.toString(), textKey).read(files, !glob.equals(DocumentSources.ALL), sink);
    }
  }

  private static void readInPieces(TextFile file, Sink sink) throws IOException {
    int size = Math.clamp(file.bytes() / PIECES, MIN_PIECE_BYTES, MAX_PIECE_BYTES);
    try (var reader = new TextReader(file)) {
      int number = 0;
      for (byte[] piece = reader.piece(size); piece.length > 0; piece = reader.piece(size)) {
        if (!sink.accept(new Document(file.name() + "#" + number++, piece))) {
          return;
        }
      }
    }
  }

  private List<Path> files() throws IOException {
    if (!Files.isDirectory(root)) {
      return List.of(root);
    }
    PathMatcher matcher = FileSystems.getDefault().getPathMatcher("glob:" + glob);
    try (var walk = Files.walk(root)) {
      List<Path> files =
          walk.filter(file -> matcher.matches(root.relativize(file)))
              .filter(Files::isRegularFile)
              .sorted()
              .toList();
      if (files.isEmpty()) {
        throw new DataException(root + ": no file matches " + glob);
      }
      return files;
    }
  }

  private String name(Path file) {
    Path name = Files.isDirectory(root) ? root.relativize(file) : file.getFileName();
    return name.toString().replace('\\', '/');
  }
}
