package dev.filigree.zoo.eval;

import java.util.Locale;

/** Python's string functions where Java's differ: prompts must be the reference's to the letter. */
final class PythonText {
  private PythonText() {}

  /** {@code len(text)}: characters, not UTF-16 units. */
  static int length(String text) {
    return text.codePointCount(0, text.length());
  }

  /** {@code text.strip()}. */
  static String strip(String text) {
    int start = 0;
    int end = stripEnd(text).length();
    while (start < end && isSpace(text.charAt(start))) {
      start++;
    }
    return text.substring(start, end);
  }

  /** {@code text.rstrip()}. */
  static String stripEnd(String text) {
    int end = text.length();
    while (end > 0 && isSpace(text.charAt(end - 1))) {
      end--;
    }
    return text.substring(0, end);
  }

  /** {@code text.capitalize()}: the first character upper case, all others lower case. */
  static String capitalize(String text) {
    if (text.isEmpty()) {
      return text;
    }
    int first = text.codePointAt(0);
    return Character.toString(Character.toTitleCase(first))
        + text.substring(Character.charCount(first)).toLowerCase(Locale.ROOT);
  }

  private static boolean isSpace(char c) {
    return Character.isWhitespace(c) || Character.isSpaceChar(c) || c == '\u0085';
  }
}
