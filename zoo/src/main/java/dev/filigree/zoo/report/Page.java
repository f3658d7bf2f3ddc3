package dev.filigree.zoo.report;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The frame of a report: one HTML file with its styles and script inside. */
final class Page {
  private static final Pattern PLACE = Pattern.compile("\\{\\{(\\w+)}}");

  private Page() {}

  /** The page around a body of HTML; title and subtitle are plain text. */
  static String html(String title, String subtitle, String body) {
    var values =
        Map.of(
            "title", Html.escape(title),
            "subtitle", Html.escape(subtitle),
            "style", resource("chart.css") + resource("page.css"),
            "script", resource("report.js"),
            "body", body);
    return PLACE
        .matcher(resource("page.html"))
        .replaceAll(
            place -> Matcher.quoteReplacement(Objects.requireNonNull(values.get(place.group(1)))));
  }

  /** A titled card. */
  static String card(String title, String legend, String content) {
    return content.isEmpty()
        ? ""
        : "<section class=\"card\"><h2>%s</h2>%s%s</section>\n".formatted(title, legend, content);
  }

  /** Writes a chart as a file of its own, with the styles that colour it. */
  static void writeChart(Path file, String svg) throws IOException {
    int head = svg.indexOf('>') + 1;
    Files.createDirectories(file.getParent());
    Files.writeString(
        file,
        svg.substring(0, head)
            + "<style>"
            + resource("chart.css")
            + "</style><rect width=\"100%\" height=\"100%\" style=\"fill:var(--card)\"/>"
            + svg.substring(head));
  }

  private static String resource(String name) {
    try (InputStream in = Page.class.getResourceAsStream(name)) {
      return new String(Objects.requireNonNull(in, name).readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
