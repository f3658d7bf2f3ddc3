package dev.filigree.config;

/**
 * The place of a node in a configuration.
 *
 * @param source the name of the file, or of another source ("-s", "map")
 * @param line the line in the file, from 1; 0 if the source has no lines
 * @param path the keys from the root, joined by dots; empty for the root
 */
public record Location(String source, int line, String path) {
  Location child(String key, int childLine) {
    return new Location(source, childLine, path.isEmpty() ? key : path + "." + key);
  }

  @Override
  public String toString() {
    String place = line > 0 ? source + ":" + line : source;
    return path.isEmpty() ? place : place + ": " + path;
  }
}
