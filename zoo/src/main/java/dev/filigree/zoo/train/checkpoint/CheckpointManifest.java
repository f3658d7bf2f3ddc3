package dev.filigree.zoo.train.checkpoint;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.JsonNode;
import dev.filigree.io.Hashing;
import dev.filigree.io.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The sizes and SHA-256 of a checkpoint's files, {@code manifest.json}. The manifest carries a
 * digest of itself too, so that a change anywhere in the checkpoint is found.
 */
record CheckpointManifest(Map<String, Entry> files) {
  static final String NAME = "manifest.json";
  private static final int FORMAT = 1;

  record Entry(long bytes, String sha256) {}

  CheckpointManifest {
    files = new TreeMap<>(files);
  }

  static CheckpointManifest of(Path directory, List<String> names) throws IOException {
    var files = new TreeMap<String, Entry>();
    for (String name : names) {
      Path file = directory.resolve(name);
      files.put(name, new Entry(Files.size(file), Hashing.sha256(file)));
    }
    return new CheckpointManifest(files);
  }

  byte[] toBytes() {
    var listed = new LinkedHashMap<String, Object>();
    files.forEach(
        (name, entry) -> listed.put(name, Map.of("bytes", entry.bytes, "sha256", entry.sha256)));
    var root = new LinkedHashMap<String, Object>();
    root.put("format", FORMAT);
    root.put("digest", Hashing.sha256(Json.line(listed).getBytes(StandardCharsets.UTF_8)));
    root.put("files", listed);
    return Json.pretty(root).getBytes(StandardCharsets.UTF_8);
  }

  /**
   * Reads the manifest of a checkpoint and checks every file that it lists.
   *
   * @throws CheckpointException for the first file that is missing, cut or changed
   */
  static CheckpointManifest check(Path directory) {
    Path file = directory.resolve(NAME);
    CheckpointManifest manifest = read(file);
    for (var listed : manifest.files.entrySet()) {
      if (!listed.getKey().matches("[\\w-][\\w.-]*")) {
        throw new CheckpointException(
            file, "refused: it lists '" + listed.getKey() + "', which is no plain file name");
      }
      check(directory.resolve(listed.getKey()), listed.getValue());
    }
    return manifest;
  }

  private static void check(Path file, Entry entry) {
    try {
      if (!Files.isRegularFile(file)) {
        throw new CheckpointException(file, "missing, though the manifest lists it");
      }
      long bytes = Files.size(file);
      if (bytes != entry.bytes) {
        throw new CheckpointException(
            file, "has " + bytes + " bytes where the manifest says " + entry.bytes);
      }
      if (!Hashing.sha256(file).equals(entry.sha256)) {
        throw new CheckpointException(
            file, "damaged: its SHA-256 is not the manifest's; use another checkpoint");
      }
    } catch (IOException e) {
      throw new CheckpointException(file, "cannot be read: " + e.getMessage());
    }
  }

  private static CheckpointManifest read(Path file) {
    try {
      if (!Files.isRegularFile(file)) {
        throw new CheckpointException(file, "missing: not a checkpoint, or one never finished");
      }
      if (Files.size(file) > 1 << 20) {
        throw new CheckpointException(file, "damaged: too large for a manifest");
      }
      byte[] bytes = Files.readAllBytes(file);
      JsonNode root = Json.read(bytes);
      int format = root.path("format").asInt(-1);
      if (format > FORMAT) {
        throw new CheckpointException(
            file, "format " + format + " is newer than this program, which reads " + FORMAT);
      }
      var files = new TreeMap<String, Entry>();
      for (var listed : root.path("files").properties()) {
        JsonNode entry = listed.getValue();
        files.put(
            listed.getKey(),
            new Entry(entry.path("bytes").asLong(-1), entry.path("sha256").asText()));
      }
      var manifest = new CheckpointManifest(files);
      if (files.isEmpty() || !java.util.Arrays.equals(manifest.toBytes(), bytes)) {
        throw new CheckpointException(file, "damaged: it does not match its own digest");
      }
      return manifest;
    } catch (JacksonException e) {
      throw new CheckpointException(file, "damaged: not a JSON file");
    } catch (IOException e) {
      throw new CheckpointException(file, "cannot be read: " + e.getMessage());
    }
  }
}
