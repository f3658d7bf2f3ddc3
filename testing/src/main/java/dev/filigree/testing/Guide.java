package dev.filigree.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/** A guide of docs/, whose code a test holds to be true. */
public final class Guide {
  private final Path file;
  private final String text;

  public Guide(String name) {
    this(Path.of("../docs", name), Integer.MAX_VALUE);
  }

  private Guide(Path file, int end) {
    this.file = file;
    String whole = read(file);
    text = whole.substring(0, Math.min(end, whole.length()));
  }

  /** The part before a heading. */
  public Guide before(String heading) {
    return new Guide(file, text.indexOf("\n## " + heading + "\n"));
  }

  public List<String> lines() {
    return text.lines().toList();
  }

  /** The fenced blocks of a language, in their order. */
  public List<String> blocks(String language) {
    return Pattern.compile("```" + language + "\n(.*?)```", Pattern.DOTALL)
        .matcher(text)
        .results()
        .map(match -> match.group(1))
        .toList();
  }

  /** Checks that every line of some Java blocks stands in a test, which compiles and runs it. */
  public void assertLinesStandIn(Path test, Predicate<String> which) {
    List<String> here = read(test).lines().map(String::strip).toList();
    List<String> chosen = blocks("java").stream().filter(which).toList();
    assertThat(chosen).isNotEmpty();
    for (String block : chosen) {
      assertThat(here).containsAll(block.lines().map(String::strip).toList());
    }
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
