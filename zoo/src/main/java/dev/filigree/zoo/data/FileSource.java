package dev.filigree.zoo.data;

import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.util.List;
import java.util.Locale;

/**
 * A file, or the files below a folder that match a glob. JSON lines (.jsonl, .jsonl.zst, .jsonl.gz)
 * give a document a line. Any other file is a text: one document in a folder; a file given alone is
 * cut into pieces at line ends, so that some of it can validate.
 */
public final class FileSource implements DocumentSource {
  private static final int FOLDER_PIECE_BYTES = 4 << 20;
  private static final int MIN_PIECE_BYTES = 1 << 10;
  private static final int MAX_PIECE_BYTES = 64 << 10;
  private static final int PIECES = 64;

  private final Path root;
  private final String glob;
  private final String textKey;

  /**
   * @param root a file or a folder
   * @param glob which files of a folder, by their path in it, such as {@code **.txt}
   * @param textKey key of the text in JSON lines
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
    var text = new StringBuilder("files ").append(textKey).append('\n');
    for (Path file : files()) {
      text.append(name(file)).append(' ').append(Files.size(file)).append(' ');
      text.append(Files.getLastModifiedTime(file).toMillis()).append('\n');
    }
    return text.toString();
  }

  @Override
  public void read(Sink sink) throws IOException {
    for (Path file : files()) {
      if (!read(file, sink)) {
        return;
      }
    }
  }

  private boolean read(Path file, Sink sink) throws IOException {
    String lower = file.toString().toLowerCase(Locale.ROOT);
    if (lower.endsWith(".parquet")) {
      throw new DataException(
          file + ": Parquet is not read here; write it as JSON lines (.jsonl or .jsonl.zst) first");
    }
    if (lower.matches(".*\\.(jsonl|ndjson)(\\.zst|\\.gz)?")) {
      return JsonLines.read(file, name(file), textKey, sink);
    }
    return readText(file, sink);
  }

  private boolean readText(Path file, Sink sink) throws IOException {
    boolean alone = !Files.isDirectory(root);
    long alonePiece = Math.clamp(Files.size(file) / PIECES, MIN_PIECE_BYTES, MAX_PIECE_BYTES);
    int size = alone ? (int) alonePiece : FOLDER_PIECE_BYTES;
    try (var reader = new TextReader(file)) {
      int number = 0;
      byte[] piece = reader.piece(size);
      while (piece.length > 0) {
        // In a folder, pieces of one file share its name, and so stay on one side of the split.
        String name = alone ? name(file) + "#" + number++ : name(file);
        if (!sink.accept(new Document(name, piece))) {
          return false;
        }
        piece = reader.piece(size);
      }
    }
    return true;
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
