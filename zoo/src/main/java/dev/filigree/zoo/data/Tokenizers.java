package dev.filigree.zoo.data;

import java.nio.file.Files;
import java.nio.file.Path;

/** Tokenizers by the name that a configuration gives. */
public final class Tokenizers {
  private Tokenizers() {}

  /**
   * The tokenizer of a name.
   *
   * @param name {@code bytes}, {@code gpt2}, a {@code tokenizer.json}, or a folder that holds one
   * @throws DataException for any other
   */
  public static Tokenizer of(String name) {
    return switch (name) {
      case "bytes" -> new ByteTokenizer();
      case "gpt2" -> new Gpt2Tokenizer();
      default -> fromFile(name);
    };
  }

  private static Tokenizer fromFile(String name) {
    Path file = Path.of(name);
    if (Files.isDirectory(file)) {
      Path folder = file;
      file = folder.resolve(TokenizerFiles.TOKENIZER);
      if (!Files.exists(file)) {
        throw new DataException(
            TokenizerFiles.unread(folder)
                .orElse(folder + ": holds no " + TokenizerFiles.TOKENIZER));
      }
    }
    if (!Files.isRegularFile(file)) {
      throw new DataException(
          "unknown tokenizer '"
              + name
              + "'; allowed: bytes, gpt2, or the path of a tokenizer.json");
    }
    return HuggingFaceFileTokenizer.read(file);
  }
}
