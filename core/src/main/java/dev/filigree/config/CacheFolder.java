package dev.filigree.config;

import java.nio.file.Path;

/**
 * The folder in which expensive results, such as tokenized data and measurements, are kept between
 * runs.
 */
public final class CacheFolder {
  private CacheFolder() {}

  /**
   * The folder for this user: {@code FILIGREE_CACHE} if set, otherwise {@code
   * XDG_CACHE_HOME/filigree} if set, otherwise {@code ~/.cache/filigree}. It need not exist.
   */
  public static Path standard() {
    String own = System.getenv("FILIGREE_CACHE");
    if (own != null && !own.isBlank()) {
      return Path.of(own);
    }
    String shared = System.getenv("XDG_CACHE_HOME");
    return shared != null && !shared.isBlank()
        ? Path.of(shared, "filigree")
        : Path.of(System.getProperty("user.home"), ".cache", "filigree");
  }
}
