package dev.filigree.testing;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.GZIPInputStream;

/**
 * Numbers of other implementations, for parity tests: from the folder {@code
 * -Dfiligree.golden=DIR}, or from the test resources where that is not given.
 */
public final class Golden {
  private static final ObjectMapper JSON = new ObjectMapper();

  private Golden() {}

  /** A file of the golden folder, {@code masks.json.gz}, or of a folder below it. */
  public static JsonNode open(String file) {
    String folder = System.getProperty("filigree.golden");
    if (folder == null) {
      return resource(file);
    }
    Path path = Path.of(folder, file);
    try (InputStream in = Files.newInputStream(path)) {
      return read(file, in);
    } catch (IOException e) {
      throw new UncheckedIOException("-Dfiligree.golden: cannot read " + path, e);
    }
  }

  /** A golden file that is always read from the test resources. */
  public static JsonNode resource(String file) {
    try (InputStream in = Golden.class.getResourceAsStream("/golden/" + file)) {
      if (in == null) {
        throw new FileNotFoundException("no test resource golden/" + file);
      }
      return read(file, in);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A part of a golden file as plain maps, lists, strings and numbers. */
  public static Object plain(JsonNode node) {
    return JSON.convertValue(node, Object.class);
  }

  private static JsonNode read(String file, InputStream in) throws IOException {
    return JSON.readTree(file.endsWith(".gz") ? new GZIPInputStream(in) : in);
  }
}
