package dev.filigree.zoo.data;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * The documents of the files of one folder or archive. Documents in JSON are read as such; any
 * other text is one document. Where a folder holds both, its plain texts are not documents but
 * speak of them: such as a README, or it is not clear which are meant.
 */
final class TextFiles {
  private static final int PIECE_BYTES = 4 << 20;
  private static final int NAMED = 4;

  /** Names of plain texts that stand beside documents in JSON. */
  private static final String BESIDE =
      "(.*/)?(\\.[^/]*|(readme|licen[sc]e|notice|citation)[^/]*|[^/]*\\.(md|json|ya?ml))";

  private final String place;
  private final String key;

  /**
   * @param place of the folder or archive, for messages
   * @param key of the text in objects of JSON
   */
  TextFiles(String place, String key) {
    this.place = place;
    this.key = key;
  }

  /**
   * Hands out the documents.
   *
   * @param files sorted
   * @param chosen whether the files were named one by one: then each is read
   * @throws DataException when none holds text, or it is not clear which are documents
   */
  void read(List<TextFile> files, boolean chosen, DocumentSource.Sink sink) throws IOException {
    for (var entry : documents(files, chosen, sink).entrySet()) {
      if (!read(entry.getKey(), entry.getValue(), sink)) {
        return;
      }
    }
  }

  private boolean read(TextFile file, Content content, DocumentSource.Sink sink)
      throws IOException {
    return switch (content) {
      case Content.Json(boolean lines) -> {
        var documents = new JsonDocuments(file, key, sink);
        yield lines ? documents.readLines() : documents.readValues();
      }
      case Content.Plain _ -> readText(file, sink);
      case Content.Foreign _ -> true;
    };
  }

  /** Pieces of one file share its name, and so stay on one side of the split. */
  private static boolean readText(TextFile file, DocumentSource.Sink sink) throws IOException {
    try (var reader = new TextReader(file)) {
      for (byte[] piece = reader.piece(PIECE_BYTES);
          piece.length > 0;
          piece = reader.piece(PIECE_BYTES)) {
        if (!sink.accept(new Document(file.name(), piece))) {
          return false;
        }
      }
    }
    return true;
  }

  /** The files that hold documents; notes say which others there are. */
  private Map<TextFile, Content> documents(
      List<TextFile> files, boolean chosen, DocumentSource.Sink sink) throws IOException {
    var documents = new LinkedHashMap<TextFile, Content>();
    var left = new TreeMap<String, List<TextFile>>();
    for (TextFile file : files) {
      switch (Content.of(file, key)) {
        case Content.Foreign(String what) ->
            left.computeIfAbsent("left out: " + what, reason -> new ArrayList<>()).add(file);
        case Content content -> documents.put(file, content);
      }
    }
    if (documents.isEmpty()) {
      throw new DataException(place + ": no text in it: " + names(files));
    }
    if (!chosen) {
      leaveOutBeside(documents, left);
    }
    documents.forEach(
        (file, content) -> {
          if (content instanceof Content.Plain(String note) && !note.isEmpty()) {
            left.computeIfAbsent("read as plain text: " + note, reason -> new ArrayList<>())
                .add(file);
          }
        });
    left.forEach((reason, those) -> sink.note(place + ": " + names(those) + ": " + reason));
    return documents;
  }

  /** Takes plain texts out where others are JSON. */
  private void leaveOutBeside(Map<TextFile, Content> documents, Map<String, List<TextFile>> left) {
    var json = new ArrayList<TextFile>();
    var plain = new ArrayList<TextFile>();
    documents.forEach(
        (file, content) -> (content instanceof Content.Json ? json : plain).add(file));
    if (json.isEmpty() || plain.isEmpty()) {
      return;
    }
    for (TextFile file : plain) {
      if (!file.name().toLowerCase(Locale.ROOT).matches(BESIDE)) {
        throw new DataException(
            "%s: holds documents in JSON (%s) and plain texts (%s): say which with glob"
                .formatted(place, names(json), names(List.of(file))));
      }
    }
    left.put("left out: plain text beside documents in JSON; glob would choose them", plain);
    plain.forEach(documents::remove);
  }

  private static String names(List<TextFile> files) {
    List<String> names = files.stream().limit(NAMED).map(TextFile::name).toList();
    return String.join(", ", names)
        + (files.size() > NAMED ? " and %,d more".formatted(files.size() - NAMED) : "");
  }
}
