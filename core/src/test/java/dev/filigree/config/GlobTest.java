package dev.filigree.config;

import static org.assertj.core.api.Assertions.assertThat;

import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GlobTest {
  @ParameterizedTest
  @CsvSource({
    "fc1.weight, fc1.weight, true",
    "fc1.weight, fc1xweight, false",
    "fc1, fc1.weight, false",
    "weight, fc1.weight, false",
    "*.weight, fc1.weight, true",
    "*proj_[qkv]_dense_layer.weight, h.0.proj_q_dense_layer.weight, true",
    "*proj_[qkv]_dense_layer.weight, h.0.proj_o_dense_layer.weight, false",
    "fc?.weight, fc1.weight, true",
    "fc?.weight, fc10.weight, false",
    "fc[0-9].weight, fc7.weight, true",
    "fc[9-0].weight, fc7.weight, false",
    "fc[!0-8].weight, fc9.weight, true",
    "fc[!0-8].weight, fc8.weight, false",
    "a[]x]b, a]b, true",
    "a[!]]b, a]b, false",
    "a[!]]b, axb, true",
    "a[^x]b, a^b, true",
    "a[x&&y]b, a&b, true",
    "a[-x]b, a-b, true",
    "a[b, a[b, true",
    "a[], a[], true",
    "(a|b)+\\d, (a|b)+\\d, true",
    "*, '', true",
  })
  void wholeNameMatches(String pattern, String name, boolean expected) {
    assertThat(new Glob(pattern).matches(name)).isEqualTo(expected);
  }

  @Property
  void agreesWithALiteralReadingOfItsDefinition(
      @ForAll("patterns") String pattern, @ForAll("names") String name) {
    assertThat(new Glob(pattern).matches(name)).isEqualTo(matches(pattern, name));
  }

  @Property
  void everyNameMatchesItselfWithSomeCharactersLeftOpen(
      @ForAll("names") String name, @ForAll int open) {
    var pattern = new StringBuilder();
    for (int i = 0; i < name.length(); i++) {
      pattern.append((open >> i & 1) == 0 ? "[" + name.charAt(i) + "]" : "?");
    }
    assertThat(new Glob(pattern.toString()).matches(name)).isTrue();
    assertThat(new Glob("*" + pattern + "*").matches(name)).isTrue();
    assertThat(new Glob(pattern + "?").matches(name)).isFalse();
  }

  @Provide
  Arbitrary<String> patterns() {
    return Arbitraries.of(
            "a", "b", ".", "*", "?", "[ab]", "[!a]", "[a-c]", "[!b-c]", "[", "]", "\\")
        .list()
        .ofMaxSize(6)
        .map(parts -> String.join("", parts));
  }

  @Provide
  Arbitrary<String> names() {
    return Arbitraries.strings().withChars("abc.[\\").ofMaxLength(6);
  }

  /** By trying everything a star may stand for; brackets hold one or two of a, b, c. */
  private static boolean matches(String pattern, String name) {
    if (pattern.isEmpty()) {
      return name.isEmpty();
    }
    char c = pattern.charAt(0);
    if (c == '*') {
      return matches(pattern.substring(1), name)
          || (!name.isEmpty() && matches(pattern, name.substring(1)));
    }
    if (name.isEmpty()) {
      return false;
    }
    int close = c == '[' ? pattern.indexOf(']', pattern.startsWith("[!") ? 3 : 2) : -1;
    String rest = name.substring(1);
    if (close < 0) {
      return (c == '?' || c == name.charAt(0)) && matches(pattern.substring(1), rest);
    }
    boolean none = pattern.charAt(1) == '!';
    boolean found = chosen(pattern.substring(none ? 2 : 1, close), name.charAt(0));
    return found != none && matches(pattern.substring(close + 1), rest);
  }

  private static boolean chosen(String choice, char c) {
    if (choice.length() >= 3 && choice.charAt(1) == '-') {
      return (c >= choice.charAt(0) && c <= choice.charAt(2)) || chosen(choice.substring(3), c);
    }
    return !choice.isEmpty() && (c == choice.charAt(0) || chosen(choice.substring(1), c));
  }
}
