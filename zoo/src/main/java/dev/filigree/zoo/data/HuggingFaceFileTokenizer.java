package dev.filigree.zoo.data;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import com.fasterxml.jackson.databind.JsonNode;
import dev.filigree.io.Hashing;
import dev.filigree.io.Json;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/**
 * Any tokenizer that Hugging Face's library wrote as {@code tokenizer.json}. Which tokens end a
 * text stands in the files beside it, see {@link EndTokens}.
 */
public final class HuggingFaceFileTokenizer implements Tokenizer {
  private final String name;
  private final String identity;
  private final HuggingFaceTokenizer tokenizer;
  private final int vocabularySize;
  private final Set<Integer> endTokens;
  private final Map<String, byte[]> files;

  private HuggingFaceFileTokenizer(
      String name,
      String identity,
      HuggingFaceTokenizer tokenizer,
      int vocabularySize,
      Set<Integer> endTokens,
      Map<String, byte[]> files) {
    this.name = name;
    this.identity = identity;
    this.tokenizer = tokenizer;
    this.vocabularySize = vocabularySize;
    this.endTokens = endTokens;
    this.files = files;
  }

  /**
   * Reads a {@code tokenizer.json}.
   *
   * @throws DataException when it is none, or has no token that ends a text
   */
  public static HuggingFaceFileTokenizer read(Path file) {
    try {
      LfsPointer.refuse(file);
      byte[] json = Files.readAllBytes(file);
      Map<String, Integer> ids = ids(Json.read(json));
      int size = ids.values().stream().mapToInt(id -> id + 1).max().orElse(0);
      Set<Integer> endTokens = EndTokens.of(file, ids);
      var tokenizer =
          HuggingFaceTokenizer.newInstance(
              new ByteArrayInputStream(json),
              Map.of("addSpecialTokens", "false", "truncation", "false", "padding", "false"));
      String hash = Hashing.sha256(json);
      Map<String, byte[]> files = TokenizerFiles.contents(file.resolveSibling(""));
      files.put(TokenizerFiles.TOKENIZER, json); // whatever the file itself is called
      return new HuggingFaceFileTokenizer(
          file.toString(),
          "json-" + hash + "-" + endTokens.iterator().next(),
          tokenizer,
          size,
          endTokens,
          files);
    } catch (IOException | RuntimeException e) {
      if (e instanceof DataException known) {
        throw known;
      }
      throw new DataException(file + ": not a tokenizer.json: " + e.getMessage(), e);
    }
  }

  private static Map<String, Integer> ids(JsonNode root) {
    var ids = new HashMap<String, Integer>();
    JsonNode vocabulary = root.path("model").path("vocab");
    if (vocabulary.isArray()) { // a unigram model: [[piece, score], ...] in the order of ids
      for (int i = 0; i < vocabulary.size(); i++) {
        ids.put(vocabulary.get(i).path(0).asText(), i);
      }
    } else {
      vocabulary.properties().forEach(entry -> ids.put(entry.getKey(), entry.getValue().asInt()));
    }
    for (JsonNode added : root.path("added_tokens")) {
      ids.put(added.path("content").asText(), added.path("id").asInt());
    }
    return ids;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public String identity() {
    return identity;
  }

  @Override
  public int vocabularySize() {
    return vocabularySize;
  }

  @Override
  public int endOfText() {
    return endTokens.iterator().next();
  }

  @Override
  public Set<Integer> endTokens() {
    return endTokens;
  }

  @Override
  public void save(Path folder) throws IOException {
    for (var file : files.entrySet()) {
      Files.write(folder.resolve(file.getKey()), file.getValue());
    }
  }

  @Override
  public int[] encode(String text) {
    long[] ids = tokenizer.encode(text, false, false).getIds();
    int[] tokens = new int[ids.length];
    for (int i = 0; i < ids.length; i++) {
      tokens[i] = (int) ids[i];
    }
    return tokens;
  }

  @Override
  public String decode(int[] tokens) {
    long[] ids =
        Arrays.stream(tokens).filter(token -> !endTokens.contains(token)).asLongStream().toArray();
    return tokenizer.decode(ids, true);
  }
}
