package dev.filigree.zoo.data;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;

/**
 * Any tokenizer that Hugging Face's library wrote as {@code tokenizer.json}.
 *
 * <p>The end of a text is the {@code eos_token} of the {@code tokenizer_config.json} beside it or,
 * without one, the first of the usual names that the file has.
 */
public final class HuggingFaceFileTokenizer implements Tokenizer {
  private static final List<String> END_NAMES =
      List.of("<|endoftext|>", "<|end_of_text|>", "</s>", "<eos>", "<|im_end|>", "[SEP]");

  private final String name;
  private final String identity;
  private final HuggingFaceTokenizer tokenizer;
  private final int vocabularySize;
  private final int endOfText;

  private HuggingFaceFileTokenizer(
      String name,
      String identity,
      HuggingFaceTokenizer tokenizer,
      int vocabularySize,
      int endOfText) {
    this.name = name;
    this.identity = identity;
    this.tokenizer = tokenizer;
    this.vocabularySize = vocabularySize;
    this.endOfText = endOfText;
  }

  /**
   * Reads a {@code tokenizer.json}.
   *
   * @throws DataException when it is none, or has no token that ends a text
   */
  public static HuggingFaceFileTokenizer read(Path file) {
    try {
      byte[] json = Files.readAllBytes(file);
      Map<String, Integer> ids = ids(new ObjectMapper().readTree(json));
      int size = ids.values().stream().mapToInt(id -> id + 1).max().orElse(0);
      int endOfText = endOfText(file, ids);
      var tokenizer =
          HuggingFaceTokenizer.newInstance(
              new ByteArrayInputStream(json),
              Map.of("addSpecialTokens", "false", "truncation", "false", "padding", "false"));
      String hash = HexFormat.of().formatHex(ShardWriter.sha256().digest(json));
      return new HuggingFaceFileTokenizer(
          file.toString(), "json-" + hash + "-" + endOfText, tokenizer, size, endOfText);
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

  private static int endOfText(Path file, Map<String, Integer> ids) throws IOException {
    Path config = file.resolveSibling("tokenizer_config.json");
    if (Files.isRegularFile(config)) {
      JsonNode token = new ObjectMapper().readTree(config.toFile()).path("eos_token");
      Integer id = ids.get(token.isObject() ? token.path("content").asText() : token.asText());
      if (id != null) {
        return id;
      }
    }
    for (String candidate : END_NAMES) {
      Integer id = ids.get(candidate);
      if (id != null) {
        return id;
      }
    }
    throw new DataException(
        file
            + ": no token ends a text: name one as eos_token in "
            + config.getFileName()
            + " (looked for "
            + String.join(", ", END_NAMES)
            + ")");
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
    return endOfText;
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
    long[] ids = new long[tokens.length];
    int count = 0;
    for (int token : tokens) {
      if (token != endOfText) {
        ids[count++] = token;
      }
    }
    return tokenizer.decode(java.util.Arrays.copyOf(ids, count), true);
  }
}
