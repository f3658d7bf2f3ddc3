package dev.filigree.reliability;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Random changes to a YAML text, most of which leave it YAML. */
final class YamlMutation {
  private static final List<String> VALUES =
      List.of(
          "0",
          "-1",
          "1",
          "2",
          "3",
          "0.5",
          "1.5",
          "-0.0",
          "1.0e-320",
          "1.0e308",
          "9223372036854775807",
          "-9223372036854775808",
          "99999999999999999999",
          "0x7fffffff",
          ".inf",
          "-.inf",
          ".nan",
          "~",
          "''",
          "none",
          "true",
          "[]",
          "{}",
          "[[1]]",
          "{a: {b: 1}}",
          "[0.5, 0.3]",
          "{type: cosine, init: 0.5, half_period: 0}",
          "{freq: 0}",
          "\"\\0\"",
          "!!binary aGVsbG8=",
          "!!python/object:os.system x",
          "&a [1]",
          "*a",
          "2026-11-24",
          "rigl",
          "set",
          "gmp",
          "granet",
          "static",
          "auto",
          "compressed",
          "AdamW",
          "'*'",
          "'[a'",
          "'{'",
          "../../etc",
          "\"a\\u0000b\"",
          "\uD83C\uDF33");

  private final List<String> lines;
  private final Random random;

  YamlMutation(String text, Random random) {
    lines = new ArrayList<>(text.lines().toList());
    this.random = random;
  }

  String apply() {
    int times = 1 + random.nextInt(3);
    for (int i = 0; i < times && !lines.isEmpty(); i++) {
      change();
    }
    return String.join("\n", lines) + "\n";
  }

  private void change() {
    int at = random.nextInt(lines.size());
    String line = lines.get(at);
    switch (random.nextInt(10)) {
      case 0 -> lines.remove(at);
      case 1 -> lines.add(at, line);
      case 2 -> lines.set(at, " ".repeat(random.nextInt(3)) + line);
      case 3 -> lines.add(at, lines.get(random.nextInt(lines.size())));
      case 4 -> lines.set(at, characters(line));
      case 5 -> lines.set(at, line.replaceFirst("(\\w+):", "$1x:"));
      default -> lines.set(at, value(line));
    }
  }

  /** Another value after one of the line's keys. */
  private String value(String line) {
    var colons = new ArrayList<Integer>();
    for (int i = line.indexOf(": "); i >= 0; i = line.indexOf(": ", i + 1)) {
      colons.add(i + 2);
    }
    if (colons.isEmpty()) {
      return line.endsWith(":") ? line + " " + any() : line;
    }
    int start = colons.get(random.nextInt(colons.size()));
    int end = start;
    while (end < line.length() && ",}]".indexOf(line.charAt(end)) < 0) {
      end++;
    }
    return line.substring(0, start) + any() + line.substring(end);
  }

  private String any() {
    return VALUES.get(random.nextInt(VALUES.size()));
  }

  private String characters(String line) {
    if (line.isEmpty()) {
      return "\t";
    }
    var text = new StringBuilder(line);
    int at = random.nextInt(line.length());
    String alphabet = "{}[]:,#&*!|>'\"%@`-. \t0a\u00e9\uFFFF";
    text.setCharAt(at, alphabet.charAt(random.nextInt(alphabet.length())));
    return text.toString();
  }
}
