package dev.filigree.testing;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.GZIPInputStream;

/** The numbers of the reference implementations. */
public final class Golden {
  private Golden() {}

  /**
   * Reads a compressed JSON file from the directory that the property {@code filigree.golden}
   * names, or from the test resources.
   */
  public static JsonNode open(String name) throws IOException {
    try (var text = new GZIPInputStream(compressed(name))) {
      return new ObjectMapper().readTree(text);
    }
  }

  private static InputStream compressed(String name) throws IOException {
    String directory = System.getProperty("filigree.golden");
    if (directory != null) {
      return Files.newInputStream(Path.of(directory, name));
    }
    InputStream resource = Golden.class.getResourceAsStream("/golden/" + name);
    if (resource == null) {
      throw new FileNotFoundException("no test resource /golden/" + name);
    }
    return resource;
  }
}
