package dev.filigree.zoo.data;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import dev.filigree.io.Durable;
import dev.filigree.io.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * What a folder of tokens holds: its {@code manifest.json}.
 *
 * @param version of the format, {@link #VERSION}
 * @param source where the documents came from, for people
 * @param key SHA-256 over the source's fingerprint, the tokenizer's identity and the version
 * @param tokenizer name of the tokenizer
 * @param tokenizerIdentity what changes when the tokenizer does
 * @param tokenType how ids are stored
 * @param notes what of the source was not read as documents, for people
 * @param complete whether every document is there; false while a preparation is under way
 */
@JsonNaming(SnakeCaseStrategy.class)
@JsonIgnoreProperties(ignoreUnknown = true)
record TokenManifest(
    int version,
    String source,
    String key,
    String tokenizer,
    String tokenizerIdentity,
    int vocabularySize,
    int endOfText,
    TokenType tokenType,
    List<String> notes,
    boolean complete,
    long documents,
    long tokens,
    long bytes,
    List<Shard> shards) {
  static final int VERSION = 1;
  static final String FILE = "manifest.json";

  /**
   * A run of whole documents: a file of tokens and a file that says where each document ends.
   *
   * @param tokenFile ids, one after the other
   * @param documentFile 16 bytes a document, see {@link DocumentTable}
   */
  @JsonNaming(SnakeCaseStrategy.class)
  @JsonIgnoreProperties(ignoreUnknown = true)
  record Shard(
      String tokenFile,
      String tokenFileSha256,
      String documentFile,
      String documentFileSha256,
      long documents,
      long tokens,
      long bytes) {}

  TokenManifest {
    notes = notes == null ? List.of() : List.copyOf(notes); // older manifests have none
    shards = List.copyOf(shards);
  }

  static boolean existsIn(Path folder) {
    return Files.isRegularFile(folder.resolve(FILE));
  }

  /**
   * Reads the manifest of a folder.
   *
   * @throws DataException for a file that is none of ours
   */
  static TokenManifest read(Path folder) throws IOException {
    Path file = folder.resolve(FILE);
    try {
      TokenManifest manifest = Json.read(Files.readAllBytes(file), TokenManifest.class);
      if (manifest.version != VERSION) {
        throw new DataException(
            file + ": version " + manifest.version + ", this program reads " + VERSION);
      }
      manifest.checkNames(file);
      return manifest;
    } catch (JsonProcessingException | NullPointerException e) {
      throw new DataException(
          file + ": not a manifest of tokens; choose another folder, or move the file", e);
    }
  }

  /** Refuses files outside the folder, and counts that no file has. */
  private void checkNames(Path file) {
    for (Shard shard : shards) {
      for (String name : List.of(shard.tokenFile, shard.documentFile)) {
        if (!name.matches("[\\w-][\\w.-]*")) {
          throw new DataException(file + ": refused: '" + name + "' is no plain file name");
        }
      }
      if (shard.documents < 0 || shard.tokens < 0 || shard.bytes < 0) {
        throw new DataException(file + ": refused: a shard has a count below 0");
      }
    }
  }

  /** Replaces the manifest of a folder in one go, so that no reader ever sees half of one. */
  void write(Path folder) throws IOException {
    Durable.replace(folder.resolve(FILE), Json.indented(this));
  }
}
