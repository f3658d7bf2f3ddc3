package dev.filigree.config;

import java.util.regex.Pattern;

/**
 * A shell pattern over a whole parameter name, with the meaning of Python's {@code
 * fnmatch.fnmatchcase}: {@code *} any characters, {@code ?} one, {@code [qkv]} one of these, {@code
 * [0-9]} one of a range, {@code [!qkv]} none of these; an unclosed bracket stands for itself.
 *
 * @param pattern the pattern
 */
public record Glob(String pattern) {
  /** Whether the whole name matches. */
  public boolean matches(String name) {
    return regex().matcher(name).matches();
  }

  private Pattern regex() {
    var regex = new StringBuilder();
    for (int i = 0; i < pattern.length(); i++) {
      char c = pattern.charAt(i);
      int close = c == '[' ? closing(i) : -1;
      if (close > 0) {
        choice(regex, i + 1, close);
        i = close;
      } else if (c == '*') {
        regex.append(".*");
      } else if (c == '?') {
        regex.append('.');
      } else {
        literal(regex, c);
      }
    }
    return Pattern.compile(regex.toString(), Pattern.DOTALL);
  }

  /** Where a bracket closes, or −1; one that comes first inside stands for itself. */
  private int closing(int open) {
    int first = open + 1;
    if (pattern.startsWith("!", first)) {
      first++;
    }
    return pattern.indexOf(']', first + 1);
  }

  private void choice(StringBuilder regex, int from, int to) {
    boolean none = pattern.charAt(from) == '!';
    regex.append(none ? "[^" : "[");
    // A regex class must not be empty, but a range may be: U+FFFF occurs in no name.
    literal(regex, '\uFFFF');
    for (int i = none ? from + 1 : from; i < to; i++) {
      if (i + 2 < to && pattern.charAt(i + 1) == '-') {
        if (pattern.charAt(i) <= pattern.charAt(i + 2)) {
          literal(regex, pattern.charAt(i));
          regex.append('-');
          literal(regex, pattern.charAt(i + 2));
        }
        i += 2;
      } else {
        literal(regex, pattern.charAt(i));
      }
    }
    regex.append(']');
  }

  private static void literal(StringBuilder regex, char c) {
    regex.append("\\x{").append(Integer.toHexString(c)).append('}');
  }
}
