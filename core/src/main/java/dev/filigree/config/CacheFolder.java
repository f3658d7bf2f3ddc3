package dev.filigree.config;

import java.nio.file.Path;

/** Where what took time to make is kept between runs: tokens, measurements. */
public final class CacheFolder {
  private CacheFolder() {}

  /**
   * {@code FILIGREE_CACHE}, else {@code XDG_CACHE_HOME/filigree}, else {@code ~/.cache/filigree}.
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
