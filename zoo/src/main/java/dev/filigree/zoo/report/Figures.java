package dev.filigree.zoo.report;

import java.util.Locale;

/** Numbers as people read them, the same in every locale; a dash stands for what is not known. */
public final class Figures {
  private static final String[] MAGNITUDES = {"", "k", "M", "G", "T"};
  private static final String[] BINARY_UNITS = {"B", "KiB", "MiB", "GiB", "TiB"};

  private Figures() {}

  /** Words with a capital letter in front. */
  static String sentence(String words) {
    return Character.toUpperCase(words.charAt(0)) + words.substring(1);
  }

  /** With a fixed number of digits after the point; a dash for NaN. */
  public static String fixed(double value, int digits) {
    return Double.isFinite(value) ? String.format(Locale.ROOT, "%." + digits + "f", value) : "–";
  }

  /** A perplexity: two digits after the point below a thousand, three digits above. */
  public static String perplexity(double value) {
    return value < 1000 ? fixed(value, 2) : compact(value);
  }

  /** A fraction as a percentage with two digits after the point. */
  public static String percent(double fraction) {
    return Double.isFinite(fraction) ? fixed(100 * fraction, 2) + " %" : "–";
  }

  /** Without the digits that say nothing: 80 %. */
  public static String shortPercent(double fraction) {
    return significant(100 * fraction) + " %";
  }

  /** A whole number in full while it is short: 12,500, then 1.2 M. */
  public static String count(double value) {
    return Math.abs(value) < 1e6 && value == Math.rint(value)
        ? String.format(Locale.ROOT, "%,d", (long) value)
        : compact(value);
  }

  /** Three digits and a magnitude: 1234567 as 1.23 M. */
  public static String compact(double value) {
    if (!Double.isFinite(value)) {
      return "–";
    }
    int magnitude = 0;
    double scaled = value;
    while (Math.abs(scaled) >= 999.5 && magnitude < MAGNITUDES.length - 1) {
      scaled /= 1000;
      magnitude++;
    }
    String text = significant(scaled);
    return magnitude == 0 ? text : text + " " + MAGNITUDES[magnitude];
  }

  /** A number of bytes in units of 1024. */
  public static String bytes(double count) {
    if (!Double.isFinite(count)) {
      return "–";
    }
    int unit = 0;
    double scaled = count;
    while (scaled >= 1024 && unit < BINARY_UNITS.length - 1) {
      scaled /= 1024;
      unit++;
    }
    return significant(scaled) + " " + BINARY_UNITS[unit];
  }

  /** Seconds as hours, minutes and seconds. */
  public static String duration(double seconds) {
    if (!Double.isFinite(seconds)) {
      return "–";
    }
    long whole = Math.round(seconds);
    if (whole < 60) {
      return fixed(seconds, 1) + " s";
    }
    return whole < 3600
        ? "%d min %d s".formatted(whole / 60, whole % 60)
        : "%d h %d min".formatted(whole / 3600, whole / 60 % 60);
  }

  /** Three significant digits, without zeros at the end: 0.00025, 1.5, 120. */
  public static String significant(double value) {
    if (!Double.isFinite(value)) {
      return "–";
    }
    if (value == 0) {
      return "0";
    }
    double size = Math.abs(value);
    if (size < 1e-3) {
      return String.format(Locale.ROOT, "%.2e", value)
          .replaceFirst("\\.?0*e", "e")
          .replaceFirst("e-0", "e-");
    }
    int digits = Math.max(0, 2 - (int) Math.floor(Math.log10(size)));
    String text = String.format(Locale.ROOT, "%." + digits + "f", value);
    return text.contains(".") ? text.replaceFirst("\\.?0+$", "") : text;
  }
}
