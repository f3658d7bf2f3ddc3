package dev.filigree.zoo.data;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What a configuration takes from a folder of prepared tokens. */
final class PreparedTokens {
  private PreparedTokens() {}

  /**
   * The name of the tokenizer that made the tokens; empty where the data are something else.
   *
   * @param wanted the tokenizer that the configuration names; null where it names none
   * @throws DataException when that is another
   */
  static Optional<String> tokenizer(
      String processor, List<String> dataDirs, @Nullable String wanted) {
    if (!processor.equals(DataSources.TEXT) || dataDirs.size() != 1) {
      return Optional.empty();
    }
    Path folder = Path.of(dataDirs.getFirst());
    try {
      if (!TokenStore.isIn(folder)) {
        return Optional.empty();
      }
      TokenStore store = TokenStore.open(folder);
      if (wanted != null && !store.isMadeBy(Tokenizers.of(wanted))) {
        throw new DataException(store.otherTokenizer(wanted));
      }
      boolean own = Files.isRegularFile(folder.resolve(TokenizerFiles.TOKENIZER));
      return Optional.of(
          own ? folder.resolve(TokenizerFiles.TOKENIZER).toString() : store.manifest().tokenizer());
    } catch (IOException e) {
      throw new DataException(folder + ": cannot be read: " + e.getMessage(), e);
    }
  }
}
