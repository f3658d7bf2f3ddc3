package dev.filigree.zoo.report;

import dev.filigree.io.Json;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The page of runs: one HTML file with styles, scripts and uPlot inside. Its data are JSON in an
 * element of their own, from which the scripts build text nodes, never markup; only the scripts and
 * styles that it came with may act, by their hashes in its Content-Security-Policy.
 */
final class Page {
  private static final Pattern PLACE = Pattern.compile("\\{\\{(\\w+)}}");

  private static final List<String> STYLES = List.of("uPlot.min.css", "page.css", "charts.css");
  private static final List<String> SCRIPTS =
      List.of(
          "uPlot.iife.min.js",
          "format.js",
          "series.js",
          "axes.js",
          "charts.js",
          "panels.js",
          "layers.js",
          "tables.js",
          "page.js");

  private static final String STYLE = all(STYLES);
  private static final String SCRIPT = all(SCRIPTS);

  private Page() {}

  /** The page with its data, for reading without a server. */
  static String frozen(String title, Map<String, ?> data) {
    var all = new LinkedHashMap<String, Object>(data);
    all.put("made", Instant.now().truncatedTo(ChronoUnit.SECONDS).toString());
    return html(title, all);
  }

  /** The page that fetches its data from the server it came from. */
  static String live(String title, List<String> names) {
    return html(title, Map.of("live", names));
  }

  /** What the page may do, for a header of the server. */
  static String policy() {
    return "default-src 'none'; script-src '%s'; style-src '%s'; img-src data:; connect-src 'self'"
            .formatted(digest(SCRIPT), digest(STYLE))
        + "; base-uri 'none'; form-action 'none'";
  }

  private static String html(String title, Map<String, ?> data) {
    var values =
        Map.of(
            "title", Html.escape(title),
            "policy", Html.escape(policy()),
            "style", STYLE,
            "script", SCRIPT,
            "data", escaped(Json.row(data)));
    return PLACE
        .matcher(resource("page.html"))
        .replaceAll(
            place -> Matcher.quoteReplacement(Objects.requireNonNull(values.get(place.group(1)))));
  }

  /** JSON that cannot end the element it stands in. */
  private static String escaped(String json) {
    return json.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026");
  }

  private static String digest(String text) {
    try {
      byte[] hash =
          MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
      return "sha256-" + Base64.getEncoder().encodeToString(hash);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  private static String all(List<String> names) {
    return names.stream().map(Page::resource).collect(Collectors.joining("\n"));
  }

  private static String resource(String name) {
    try (InputStream in = Page.class.getResourceAsStream(name)) {
      return new String(Objects.requireNonNull(in, name).readAllBytes(), StandardCharsets.UTF_8)
          .strip();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
