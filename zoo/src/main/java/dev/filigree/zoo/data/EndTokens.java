package dev.filigree.zoo.data;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Which tokens of a {@code tokenizer.json} end a text: by the files beside it, in the order in
 * which Hugging Face's libraries ask them, else by the usual names.
 */
final class EndTokens {
  private static final List<String> NAMES =
      List.of("<|endoftext|>", "<|end_of_text|>", "</s>", "<eos>", "<|im_end|>", "[SEP]");

  private EndTokens() {}

  /**
   * The tokens that end a text, the one that ends documents first.
   *
   * @param tokenizer the {@code tokenizer.json}
   * @param ids of its tokens by name
   * @throws DataException where none is named, or one is named that is no token
   */
  static Set<Integer> of(Path tokenizer, Map<String, Integer> ids) {
    var found = new LinkedHashSet<Integer>();
    for (String file : List.of(TokenizerFiles.CONFIG, TokenizerFiles.SPECIAL_TOKENS)) {
      Path path = tokenizer.resolveSibling(file);
      JsonNode token = TokenizerFiles.read(path).path("eos_token");
      String name = token.isObject() ? token.path("content").asText() : token.asText("");
      if (!token.isMissingNode() && !token.isNull()) {
        Integer id = ids.getOrDefault(name, added(path, name));
        if (id == null) {
          throw new DataException(
              path + ": eos_token '" + name + "' is no token of " + tokenizer.getFileName());
        }
        found.add(id);
      }
    }
    for (String file : List.of(TokenizerFiles.GENERATION, "config.json")) {
      Path path = tokenizer.resolveSibling(file);
      for (JsonNode id : list(TokenizerFiles.read(path).path("eos_token_id"))) {
        if (!id.canConvertToInt() || id.asInt() < 0) {
          throw new DataException(path + ": eos_token_id " + id + " is no token");
        }
        if (ids.containsValue(id.asInt())) { // a network may know more tokens
          found.add(id.asInt());
        }
      }
    }
    if (found.isEmpty()) {
      NAMES.stream().filter(ids::containsKey).limit(1).map(ids::get).forEach(found::add);
    }
    if (found.isEmpty()) {
      throw new DataException(
          tokenizer
              + ": no token ends a text: name one as eos_token in "
              + TokenizerFiles.CONFIG
              + " (looked for "
              + String.join(", ", NAMES)
              + ")");
    }
    return found;
  }

  /** The id of a token that only the tokenizer's configuration adds; null where it does not. */
  private static @Nullable Integer added(Path config, String name) {
    for (var token : TokenizerFiles.read(config).path("added_tokens_decoder").properties()) {
      if (token.getValue().path("content").asText().equals(name)) {
        return Integer.valueOf(token.getKey());
      }
    }
    return null;
  }

  private static List<JsonNode> list(JsonNode node) {
    if (node.isMissingNode() || node.isNull()) {
      return List.of();
    }
    var list = new ArrayList<JsonNode>();
    if (node.isArray()) {
      node.forEach(list::add);
    } else {
      list.add(node);
    }
    return list;
  }
}
