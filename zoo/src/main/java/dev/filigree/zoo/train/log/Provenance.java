package dev.filigree.zoo.train.log;

import dev.filigree.zoo.train.checkpoint.ConfigFile;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Where a run comes from: time, host, versions, the commit checked out, the command line. */
final class Provenance {
  private static final String PROGRAM = "dev.filigree.cli.Main";

  private Provenance() {}

  static Map<String, @Nullable Object> now() {
    var values = new LinkedHashMap<String, @Nullable Object>();
    values.put("time", Instant.now().truncatedTo(ChronoUnit.SECONDS).toString());
    values.put("host", host());
    values.put("commit", commit(Path.of("").toAbsolutePath()));
    values.put("command", command());
    values.put("versions", ConfigFile.versions());
    return values;
  }

  static String host() {
    try {
      return InetAddress.getLocalHost().getHostName();
    } catch (UnknownHostException e) {
      return "localhost"; // the name only helps people to tell runs apart
    }
  }

  /** The program and its arguments. A program of one's own is named by its main class. */
  private static @Nullable String command() {
    String joined = System.getProperty("sun.java.command", "");
    String main = joined.split(" ", 2)[0];
    String name = main.equals(PROGRAM) ? "filigree" : main;
    // What the system tells has every argument for itself, but may be cut: Linux shows 4 KiB.
    List<String> all = List.of(ProcessHandle.current().info().arguments().orElse(new String[0]));
    int at = all.indexOf(main);
    if (main.isEmpty() || at < 0) {
      return joined.isEmpty() ? null : name + joined.substring(main.length());
    }
    return Stream.concat(Stream.of(name), all.stream().skip(at + 1L).map(Provenance::quoted))
        .collect(Collectors.joining(" "));
  }

  private static String quoted(String argument) {
    return argument.matches("[\\w@%+=:,./-]+")
        ? argument
        : "'" + argument.replace("'", "'\\''") + "'";
  }

  /** The commit that is checked out where a folder is in a git repository; else null. */
  static @Nullable String commit(Path folder) {
    try {
      for (Path up = folder; up != null; up = up.getParent()) {
        Path git = up.resolve(".git");
        if (Files.isRegularFile(git)) { // a worktree
          git = up.resolve(Files.readString(git).strip().replaceFirst("^gitdir: ", ""));
        }
        if (Files.isRegularFile(git.resolve("HEAD"))) {
          return commitOf(git);
        }
      }
    } catch (IOException | RuntimeException e) {
      // A repository that cannot be read only leaves the commit unknown.
    }
    return null;
  }

  private static @Nullable String commitOf(Path git) throws IOException {
    String head = Files.readString(git.resolve("HEAD")).strip();
    if (!head.startsWith("ref: ")) {
      return hash(head);
    }
    String ref = head.substring("ref: ".length());
    Path shared = git.resolve("commondir");
    Path common = Files.isRegularFile(shared) ? git.resolve(Files.readString(shared).strip()) : git;
    for (Path place : List.of(git, common)) {
      if (Files.isRegularFile(place.resolve(ref))) {
        return hash(Files.readString(place.resolve(ref)).strip());
      }
    }
    Path packed = common.resolve("packed-refs");
    if (!Files.isRegularFile(packed)) {
      return null;
    }
    return Files.readAllLines(packed).stream()
        .filter(line -> line.endsWith(" " + ref))
        .map(line -> hash(line.substring(0, line.length() - ref.length() - 1)))
        .findFirst()
        .orElse(null);
  }

  private static @Nullable String hash(String text) {
    return text.matches("[0-9a-f]{40,64}") ? text : null;
  }
}
