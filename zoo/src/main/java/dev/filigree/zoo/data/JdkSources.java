package dev.filigree.zoo.data;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The JDK's own sources, {@code lib/src.zip}: a corpus that every developer on the JVM has. Of JDK
 * 25's java.base: 3400 files, 52 MB.
 */
public final class JdkSources {
  /** The module that is the default corpus. */
  public static final String DEFAULT_GLOB = "java.base/**.java";

  private JdkSources() {}

  /**
   * The archive of the running JDK or, where that one has none, of another JDK of this machine.
   *
   * @throws DataException when there is none, with the package that holds it
   */
  public static Path find() {
    return find(candidates());
  }

  static Path find(List<Path> homes) {
    for (Path home : homes) {
      Path archive = home.resolve("lib").resolve("src.zip");
      if (Files.isReadable(archive)) {
        return archive;
      }
    }
    throw new DataException(
        "the JDK's sources (lib/src.zip) are missing in "
            + homes.getFirst()
            + ": install the package that holds them (Debian and Ubuntu: openjdk-25-source or"
            + " temurin-25-jdk; Fedora: java-25-openjdk-src; archives from adoptium.net hold them),"
            + " or name a text of your own as data_dir");
  }

  private static List<Path> candidates() {
    var homes = new ArrayList<Path>();
    homes.add(Path.of(System.getProperty("java.home")));
    String variable = System.getenv("JAVA_HOME");
    if (variable != null) {
      homes.add(Path.of(variable));
    }
    for (String parent : List.of("/usr/lib/jvm", "/Library/Java/JavaVirtualMachines")) {
      String[] names = Path.of(parent).toFile().list();
      if (names != null) {
        Arrays.sort(names);
        for (String name : names) {
          homes.add(Path.of(parent, name));
          homes.add(Path.of(parent, name, "Contents/Home")); // macOS
        }
      }
    }
    return homes;
  }
}
