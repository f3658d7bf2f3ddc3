import com.google.googlejavaformat.java.Formatter;
import com.google.googlejavaformat.java.ImportOrderer;
import com.google.googlejavaformat.java.JavaFormatterOptions.Style;
import com.google.googlejavaformat.java.RemoveUnusedImports;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Checks ({@code check}) or mends ({@code apply}) the formatting of every Java source below a
 * folder.
 *
 * <p>google-java-format parses with the javac of the JVM it runs in, and Maven itself may run on a
 * JDK that cannot read our sources; so the build runs this file with the JDK it compiles with.
 */
class Format {
  public static void main(String[] args) throws Exception {
    boolean apply = args[1].equals("apply");
    List<Path> sources;
    try (var files = Files.walk(Path.of(args[0]))) {
      sources =
          files
              .filter(file -> file.toString().endsWith(".java"))
              .filter(file -> !file.toString().matches(".*/(target|\\.[^/]+)/.*"))
              .sorted()
              .toList();
    }
    var formatter = new Formatter();
    var unformatted = new ArrayList<Path>();
    for (Path source : sources) {
      String text = Files.readString(source);
      String trimmed = RemoveUnusedImports.removeUnusedImports(text);
      String formatted =
          formatter.formatSource(ImportOrderer.reorderImports(trimmed, Style.GOOGLE));
      if (!formatted.equals(text)) {
        unformatted.add(source);
        if (apply) {
          Files.writeString(source, formatted);
        }
      }
    }
    for (Path source : unformatted) {
      System.err.println((apply ? "formatted " : "not formatted: ") + source);
    }
    if (!apply && !unformatted.isEmpty()) {
      System.err.println("run: mvn -N verify -Dformat=apply");
      System.exit(1);
    }
  }
}
