package dev.filigree.zoo.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.DoubleFunction;
import java.util.stream.Collectors;
import java.util.stream.DoubleStream;

/**
 * A line chart as SVG, coloured by the classes of {@code chart.css}, so that it follows the
 * reader's light or dark theme. Written without a drawing library: those need fonts that a server
 * may lack.
 */
final class LineChart {
  /** A line; {@code style} is a class of {@code chart.css}: s1 to s8, or faint. */
  record Series(String name, String style, List<Point> points) {
    Series {
      points = points.stream().filter(Point::isFinite).toList();
    }

    /** An exponential moving average, whose memory is a 100th of the points but one at least. */
    Series smoothed(String smoothedName, String smoothedStyle) {
      double keep = 1 - 1 / Math.max(1.0, points.size() / 100.0);
      var smooth = new ArrayList<Point>();
      double average = 0;
      double weight = 0;
      for (Point point : points) {
        average = keep * average + (1 - keep) * point.y();
        weight = keep * weight + (1 - keep);
        smooth.add(new Point(point.x(), average / weight));
      }
      return new Series(smoothedName, smoothedStyle, smooth);
    }
  }

  record Point(double x, double y) {
    boolean isFinite() {
      return Double.isFinite(x) && Double.isFinite(y);
    }
  }

  /** How many styles s1, s2, ... there are. */
  static final int COLOURS = 8;

  private static final int LEFT = 58;
  private static final int RIGHT = 16;
  private static final int TOP = 12;
  private static final int BOTTOM = 30;
  private static final int MAX_POINTS = 800;

  private final int width;
  private final int height;
  private final DoubleFunction<String> format;
  private final List<Series> series;

  /**
   * @param format writes a value of the y axis
   */
  LineChart(int width, int height, DoubleFunction<String> format, List<Series> series) {
    this.width = width;
    this.height = height;
    this.format = format;
    this.series = series.stream().filter(line -> !line.points().isEmpty()).toList();
  }

  boolean isEmpty() {
    return series.isEmpty();
  }

  /** The chart; an accessible name is the caller's title. */
  String svg(String title) {
    Axis x = Axis.exact(values(Point::x), LEFT, width - RIGHT, 6);
    Axis y = Axis.rounded(values(Point::y), height - BOTTOM, TOP, 4);
    var out = new StringBuilder();
    out.append(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"chart\" viewBox=\"0 0 %d %d\" role=\"img\""
            .formatted(width, height));
    out.append(" data-plot=\"%d %d\">".formatted(TOP, height - BOTTOM));
    out.append("<title>").append(Html.escape(title)).append("</title>");
    grid(out, x, y);
    series.forEach(line -> draw(out, line, x, y));
    return out.append("</svg>").toString();
  }

  /** The names and colours of the lines. */
  String legend() {
    return series.stream()
        .filter(line -> !line.name().isEmpty())
        .map(
            line ->
                "<span class=\"key %s\"><i></i>%s</span>"
                    .formatted(line.style(), Html.escape(line.name())))
        .collect(Collectors.joining("", "<div class=\"legend\">", "</div>"));
  }

  private DoubleStream values(java.util.function.ToDoubleFunction<Point> coordinate) {
    return series.stream().flatMap(line -> line.points().stream()).mapToDouble(coordinate);
  }

  private void grid(StringBuilder out, Axis x, Axis y) {
    for (double tick : y.ticks()) {
      String at = pixel(y.pixel(tick));
      out.append(
          "<line class=\"grid\" x1=\"%d\" x2=\"%d\" y1=\"%s\" y2=\"%s\"/>"
              .formatted(LEFT, width - RIGHT, at, at));
      out.append(
          "<text class=\"tick\" x=\"%d\" y=\"%s\" dy=\".35em\" text-anchor=\"end\">%s</text>"
              .formatted(LEFT - 8, at, format.apply(tick)));
    }
    for (double tick : x.ticks()) {
      out.append(
          "<text class=\"tick\" x=\"%s\" y=\"%d\" text-anchor=\"middle\">%s</text>"
              .formatted(pixel(x.pixel(tick)), height - BOTTOM + 18, Figures.count(tick)));
    }
  }

  /** The line, and for the reader's pointer its values in {@code data-} attributes. */
  private void draw(StringBuilder out, Series line, Axis x, Axis y) {
    List<Point> points = thinned(line.points());
    String path =
        points.stream()
            .map(point -> pixel(x.pixel(point.x())) + " " + pixel(y.pixel(point.y())))
            .collect(Collectors.joining("L", "M", ""));
    String labels =
        points.stream()
            .map(point -> Figures.count(point.x()) + "|" + format.apply(point.y()))
            .collect(Collectors.joining(";"));
    out.append(
        "<path class=\"line %s\" d=\"%s\" data-name=\"%s\" data-labels=\"%s\"/>"
            .formatted(line.style(), path, Html.escape(line.name()), labels));
    if (points.size() <= 40) {
      for (Point point : points) {
        out.append(
            "<circle class=\"dot %s\" cx=\"%s\" cy=\"%s\" r=\"2.5\"/>"
                .formatted(line.style(), pixel(x.pixel(point.x())), pixel(y.pixel(point.y()))));
      }
    }
  }

  /** At most MAX_POINTS, each the mean of its neighbours. */
  private static List<Point> thinned(List<Point> points) {
    int size = points.size();
    if (size <= MAX_POINTS) {
      return points;
    }
    var thin = new ArrayList<Point>();
    for (int i = 0; i < MAX_POINTS; i++) {
      var bucket =
          points.subList(
              (int) ((long) i * size / MAX_POINTS), (int) ((i + 1L) * size / MAX_POINTS));
      thin.add(
          new Point(
              bucket.getLast().x(), bucket.stream().mapToDouble(Point::y).average().orElseThrow()));
    }
    return thin;
  }

  private static String pixel(double value) {
    return String.format(Locale.ROOT, "%.1f", value);
  }
}
