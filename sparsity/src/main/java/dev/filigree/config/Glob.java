package dev.filigree.config;

import java.util.regex.Pattern;

/**
 * A shell pattern over a whole parameter name: {@code *} any characters, {@code ?} one, {@code
 * [qkv]} one of these, {@code [!qkv]} none of these.
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
      int close = c == '[' ? pattern.indexOf(']', i + 2) : -1;
      if (c == '*') {
        regex.append(".*");
      } else if (c == '?') {
        regex.append('.');
      } else if (close > 0) {
        String inside = pattern.substring(i + 1, close).replace("\\", "\\\\").replace("[", "\\[");
        regex
            .append('[')
            .append(inside.startsWith("!") ? "^" + inside.substring(1) : inside.replace("^", "\\^"))
            .append(']');
        i = close;
      } else {
        regex.append(Pattern.quote(String.valueOf(c)));
      }
    }
    return Pattern.compile(regex.toString(), Pattern.DOTALL);
  }
}
