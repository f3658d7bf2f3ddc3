package dev.filigree.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.function.Function;

/**
 * Losses against learning rates, a panel for each parametrization and density and a line for each
 * width; below, how far the first steps move the residual stream, against the width.
 */
final class SuparPicture {
  static final String NAME = "supar.svg";

  private static final List<String> COLOURS =
      List.of("#1f6feb", "#d9822b", "#2e8b57", "#a03ca0", "#888888");
  private static final int WIDTH = 380;
  private static final int HEIGHT = 190;
  private static final int LEFT = 44;
  private static final int RIGHT = 12;
  private static final int TOP = 26;
  private static final int BOTTOM = 34;

  /** A line with a mark where it is lowest. */
  private record Line(String name, String colour, List<double[]> points, OptionalDouble best) {}

  private final StringBuilder svg = new StringBuilder();
  private final List<SuparRow> rows;

  private SuparPicture(List<SuparRow> rows) {
    this.rows = rows;
  }

  static String of(List<SuparRow> rows) {
    return new SuparPicture(rows).draw();
  }

  private <T> List<T> distinct(Function<SuparRow, T> of) {
    return rows.stream().map(of).distinct().toList();
  }

  private String draw() {
    List<String> parametrizations = distinct(SuparRow::parametrization);
    List<Double> densities = distinct(SuparRow::density);
    int height = HEIGHT * (densities.size() + 1);
    add(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" font-family=\"sans-serif\""
            + " font-size=\"11\" fill=\"#222\">%n<rect width=\"100%%\" height=\"100%%\""
            + " fill=\"#fff\"/>%n",
        WIDTH * parametrizations.size(), height);
    double lowest =
        rows.stream().filter(r -> r.loss() != null).mapToDouble(SuparPicture::loss).min().orElse(0);
    double top = lowest + 1.2; // what diverged lies above
    for (int column = 0; column < parametrizations.size(); column++) {
      String parametrization = parametrizations.get(column);
      for (int row = 0; row < densities.size(); row++) {
        double density = densities.get(row);
        var title = "%s, density %s".formatted(parametrization, density);
        panel(
            column,
            row,
            title,
            "log2 of the learning rate",
            losses(parametrization, density),
            lowest - 0.05,
            top);
      }
      panel(
          column,
          densities.size(),
          "%s: change of the residual stream in %d steps at 2^%d"
              .formatted(parametrization, SuparCase.CHANGE_AFTER, middleRate()),
          "log2 of the width",
          changes(parametrization),
          0,
          greatestChange());
    }
    return svg.append("</svg>\n").toString();
  }

  private List<Line> losses(String parametrization, double density) {
    var lines = new ArrayList<Line>();
    List<Long> widths = distinct(SuparRow::width);
    for (int i = 0; i < widths.size(); i++) {
      long width = widths.get(i);
      List<SuparRow> mine =
          rows.stream()
              .filter(
                  row -> row.isBeside(new SuparRow(parametrization, width, density, 0, null, null)))
              .toList();
      List<double[]> points =
          mine.stream()
              .filter(row -> row.loss() != null)
              .map(row -> new double[] {row.log2Rate(), loss(row)})
              .toList();
      lines.add(
          new Line(
              "width " + width,
              COLOURS.get(i % COLOURS.size()),
              points,
              OptionalDouble.of(SuparRow.best(mine))));
    }
    return lines;
  }

  private static double loss(SuparRow row) {
    Double loss = row.loss();
    return loss == null ? Double.NaN : loss;
  }

  private static double change(SuparRow row) {
    Double change = row.change();
    return change == null ? Double.NaN : change;
  }

  private int middleRate() {
    List<Integer> rates = distinct(SuparRow::log2Rate);
    return rates.get(rates.size() / 2);
  }

  private List<Line> changes(String parametrization) {
    var lines = new ArrayList<Line>();
    List<Double> densities = distinct(SuparRow::density);
    for (int i = 0; i < densities.size(); i++) {
      double density = densities.get(i);
      List<double[]> points =
          rows.stream()
              .filter(row -> row.parametrization().equals(parametrization))
              .filter(row -> row.density() == density && row.log2Rate() == middleRate())
              .filter(row -> row.change() != null)
              .map(row -> new double[] {Math.log((double) row.width()) / Math.log(2), change(row)})
              .toList();
      lines.add(
          new Line(
              "density " + density,
              COLOURS.get(COLOURS.size() - 1 - i % COLOURS.size()),
              points,
              OptionalDouble.empty()));
    }
    return lines;
  }

  private double greatestChange() {
    return 1.05
        * rows.stream()
            .filter(row -> row.log2Rate() == middleRate() && row.change() != null)
            .mapToDouble(SuparPicture::change)
            .max()
            .orElse(1);
  }

  private void panel(
      int column, int row, String title, String axis, List<Line> lines, double low, double high) {
    double from =
        lines.stream()
            .flatMap(line -> line.points.stream())
            .mapToDouble(point -> point[0])
            .min()
            .orElse(0);
    double to =
        lines.stream()
            .flatMap(line -> line.points.stream())
            .mapToDouble(point -> point[0])
            .max()
            .orElse(1);
    double left = (double) column * WIDTH + LEFT;
    double right = (double) (column + 1) * WIDTH - RIGHT;
    double upper = (double) row * HEIGHT + TOP;
    double lower = (double) (row + 1) * HEIGHT - BOTTOM;
    text((left + right) / 2, upper - 10, "middle", "#222", title);
    text((left + right) / 2, lower + 28, "middle", "#666", axis);
    for (double tick = Math.ceil(from); tick <= to; tick++) {
      double x = left + (tick - from) / Math.max(1e-9, to - from) * (right - left);
      add("<path d=\"M%.1f %.1fV%.1f\" stroke=\"#e4e4e4\"/>%n", x, upper, lower);
      text(x, lower + 14, "middle", "#666", String.format(Locale.ROOT, "%.0f", tick));
    }
    for (int i = 0; i <= 3; i++) {
      double y = lower - i / 3.0 * (lower - upper);
      add("<path d=\"M%.1f %.1fH%.1f\" stroke=\"#e4e4e4\"/>%n", left, y, right);
      text(
          left - 5,
          y + 4,
          "end",
          "#666",
          String.format(Locale.ROOT, "%.2f", low + i / 3.0 * (high - low)));
    }
    for (int i = 0; i < lines.size(); i++) {
      Line line = lines.get(i);
      var path = new StringBuilder();
      for (double[] point : line.points) {
        double x = left + (point[0] - from) / Math.max(1e-9, to - from) * (right - left);
        double y = lower - Math.min(1, (point[1] - low) / (high - low)) * (lower - upper);
        path.append(String.format(Locale.ROOT, "%s%.1f %.1f", path.isEmpty() ? "M" : "L", x, y));
      }
      add("<path d=\"%s\" fill=\"none\" stroke=\"%s\" stroke-width=\"1.8\"/>%n", path, line.colour);
      line.best.ifPresent(
          best -> {
            double x = left + (best - from) / Math.max(1e-9, to - from) * (right - left);
            add(
                "<path d=\"M%.1f %.1fv-9\" stroke=\"%s\" stroke-width=\"3\"/>%n",
                x, lower, line.colour);
          });
      text(left + 8, upper + 14 + 13.0 * i, "start", line.colour, line.name);
    }
  }

  private void text(double x, double y, String anchor, String colour, String text) {
    add(
        "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\" fill=\"%s\">%s</text>%n",
        x, y, anchor, colour, text);
  }

  @SuppressWarnings("AnnotateFormatMethod") // the annotation would be a dependency of its own
  private void add(String format, Object... arguments) {
    svg.append(String.format(Locale.ROOT, format, arguments));
  }
}
