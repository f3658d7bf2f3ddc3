package dev.filigree.config;

/**
 * Where a node of a configuration stands.
 *
 * @param source the file, or what takes its place ("-s", "map")
 * @param line the line in the file, from 1; 0 where there are no lines
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
