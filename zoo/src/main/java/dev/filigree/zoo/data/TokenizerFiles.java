package dev.filigree.zoo.data;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import dev.filigree.io.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The tokenizer of a folder of tokens or of a checkpoint: Hugging Face's files, or {@code
 * filigree.json}, which names one that has no files.
 */
public final class TokenizerFiles {
  static final String TOKENIZER = "tokenizer.json";
  static final String CONFIG = "tokenizer_config.json";
  static final String SPECIAL_TOKENS = "special_tokens_map.json";
  static final String GENERATION = "generation_config.json";
  private static final String NAMED = "filigree.json";
  private static final String KEY = "tokenizer";

  /** All that Hugging Face's tokenizers keep beside {@code tokenizer.json}, or instead of it. */
  private static final List<String> NAMES =
      List.of(
          TOKENIZER,
          CONFIG,
          SPECIAL_TOKENS,
          GENERATION,
          NAMED,
          "added_tokens.json",
          "chat_template.jinja",
          "chat_template.json",
          "merges.txt",
          "spiece.model",
          "tokenizer.model",
          "vocab.json",
          "vocab.txt");

  private static final List<String> UNREAD =
      List.of("tokenizer.model", "spiece.model", "vocab.json", "vocab.txt");

  private TokenizerFiles() {}

  /**
   * The tokenizer that a folder holds; empty where it holds none.
   *
   * @throws DataException when its files are damaged
   */
  public static Optional<Tokenizer> in(Path folder) {
    if (Files.isRegularFile(folder.resolve(TOKENIZER))) {
      return Optional.of(Tokenizers.of(folder.resolve(TOKENIZER).toString()));
    }
    Path named = folder.resolve(NAMED);
    if (!Files.isRegularFile(named)) {
      return Optional.empty();
    }
    JsonNode name = read(named).path(KEY);
    if (!name.isTextual()) {
      throw new DataException(named + ": has no '" + KEY + "'");
    }
    return Optional.of(Tokenizers.of(name.asText()));
  }

  /**
   * What to do with a folder whose tokenizer is only there in forms that are not read; empty where
   * there is none of these.
   */
  public static Optional<String> unread(Path folder) {
    return UNREAD.stream()
        .filter(name -> Files.isRegularFile(folder.resolve(name)))
        .findFirst()
        .map(
            name ->
                "%s: not read; make a %s of it, as transformers' AutoTokenizer does when it saves"
                    .formatted(folder.resolve(name), TOKENIZER));
  }

  /** Copies a tokenizer's files, those that there are, into another folder. */
  public static void copy(Path from, Path to) throws IOException {
    for (String name : NAMES) {
      if (Files.isRegularFile(from.resolve(name))) {
        Files.copy(from.resolve(name), to.resolve(name), StandardCopyOption.REPLACE_EXISTING);
      }
    }
  }

  /** The content of a tokenizer's files by name. */
  static Map<String, byte[]> contents(Path folder) throws IOException {
    var contents = new TreeMap<String, byte[]>();
    for (String name : NAMES) {
      if (Files.isRegularFile(folder.resolve(name))) {
        contents.put(name, Files.readAllBytes(folder.resolve(name)));
      }
    }
    return contents;
  }

  /** Writes the name of a tokenizer that has no files. */
  static void writeName(Path folder, String name) throws IOException {
    Files.writeString(folder.resolve(NAMED), Json.indented(Map.of(KEY, name)));
  }

  /** A file of JSON; {@link JsonNode#isMissingNode missing} where there is none. */
  static JsonNode read(Path file) {
    try {
      return Files.isRegularFile(file)
          ? Json.read(Files.readAllBytes(file))
          : MissingNode.getInstance();
    } catch (JacksonException e) {
      throw new DataException(file + ": not valid JSON: " + e.getOriginalMessage(), e);
    } catch (IOException e) {
      throw new DataException(file + ": cannot be read: " + e.getMessage(), e);
    }
  }
}
