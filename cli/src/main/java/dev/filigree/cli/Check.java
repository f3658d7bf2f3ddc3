package dev.filigree.cli;

import java.util.Optional;

/**
 * One check of the doctor.
 *
 * @param remedy the line that fixes it; empty where nothing is wrong
 */
record Check(Verdict verdict, String name, String found, Optional<String> remedy) {
  enum Verdict {
    GOOD("ok"),
    SLOW("slow"),
    MISSING("no");

    private final String mark;

    Verdict(String mark) {
      this.mark = mark;
    }

    String mark() {
      return mark;
    }
  }

  static Check good(String name, String found) {
    return new Check(Verdict.GOOD, name, found, Optional.empty());
  }

  static Check slow(String name, String found, String remedy) {
    return new Check(Verdict.SLOW, name, found, Optional.of(remedy));
  }

  static Check missing(String name, String found, String remedy) {
    return new Check(Verdict.MISSING, name, found, Optional.of(remedy));
  }
}
