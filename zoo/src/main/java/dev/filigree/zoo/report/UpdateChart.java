package dev.filigree.zoo.report;

import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.LongStream;

/** What each mask update grew (bars up) and dropped (bars down), over all parameters, as SVG. */
final class UpdateChart {
  private static final int WIDTH = 1080;
  private static final int HEIGHT = 240;
  private static final int LEFT = 58;
  private static final int RIGHT = 16;
  private static final int TOP = 12;
  private static final int BOTTOM = 30;
  private static final int MAX_BARS = 160;

  /** The weights grown and dropped by the updates of one bar. */
  private record Bar(long step, long grown, long dropped) {
    static Bar of(long step, Collection<RunMetrics.Update> updates) {
      return new Bar(
          step,
          updates.stream().mapToLong(RunMetrics.Update::grown).sum(),
          updates.stream().mapToLong(RunMetrics.Update::dropped).sum());
    }
  }

  private final List<Bar> bars;

  UpdateChart(Map<Long, Map<String, RunMetrics.Update>> updates) {
    List<Bar> all =
        updates.entrySet().stream()
            .map(entry -> Bar.of(entry.getKey(), entry.getValue().values()))
            .toList();
    int every = Math.ceilDiv(Math.max(1, all.size()), MAX_BARS);
    bars =
        java.util.stream.IntStream.range(0, all.size())
            .filter(i -> i % every == 0)
            .mapToObj(all::get)
            .toList();
  }

  boolean isEmpty() {
    return bars.isEmpty();
  }

  String svg() {
    Axis y =
        Axis.rounded(
            bars.stream()
                .flatMapToDouble(
                    bar -> LongStream.of(bar.grown(), -bar.dropped(), 0).asDoubleStream()),
            HEIGHT - BOTTOM,
            TOP,
            4);
    double slot = (WIDTH - LEFT - RIGHT) / (double) bars.size();
    double thickness = Math.clamp(slot * 0.7, 1, 26);
    var out = new StringBuilder();
    out.append(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"chart\" viewBox=\"0 0 %d %d\" role=\"img\">"
            .formatted(WIDTH, HEIGHT));
    out.append("<title>Weights grown and dropped by each mask update</title>");
    for (double tick : y.ticks()) {
      out.append(
          String.format(
              Locale.ROOT,
              "<line class=\"grid\" x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%3$.1f\"/>"
                  + "<text class=\"tick\" x=\"%d\" y=\"%3$.1f\" dy=\".35em\" text-anchor=\"end\">%s</text>",
              LEFT,
              WIDTH - RIGHT,
              y.pixel(tick),
              LEFT - 8,
              Figures.compact(Math.abs(tick))));
    }
    int labelEvery = Math.ceilDiv(bars.size(), 8);
    for (int i = 0; i < bars.size(); i++) {
      Bar bar = bars.get(i);
      double middle = LEFT + (i + 0.5) * slot;
      out.append(
          rectangle("grown", middle, thickness, y.pixel((double) bar.grown()), y.pixel(0), bar));
      out.append(
          rectangle(
              "dropped", middle, thickness, y.pixel(0), y.pixel((double) -bar.dropped()), bar));
      if (i % labelEvery == 0) {
        out.append(
            String.format(
                Locale.ROOT,
                "<text class=\"tick\" x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%s</text>",
                middle,
                HEIGHT - BOTTOM + 18,
                Figures.count((double) bar.step())));
      }
    }
    return out.append("</svg>").toString();
  }

  private static String rectangle(
      String style, double middle, double thickness, double top, double bottom, Bar bar) {
    return String.format(
        Locale.ROOT,
        "<rect class=\"%s\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" rx=\"1.5\">"
            + "<title>step %d: grown %,d, dropped %,d</title></rect>",
        style,
        middle - thickness / 2,
        top,
        thickness,
        Math.max(0, bottom - top),
        bar.step(),
        bar.grown(),
        bar.dropped());
  }

  /**
   * The last updates as rows of a table: step, dropped, grown, kept, target and counted sparsity.
   */
  static String rows(Map<Long, Map<String, RunMetrics.Update>> updates) {
    return updates.entrySet().stream()
        .skip(Math.max(0, updates.size() - 12))
        .map(entry -> row(entry.getKey(), entry.getValue().values()))
        .collect(Collectors.joining("\n"));
  }

  private static String row(long step, Collection<RunMetrics.Update> updates) {
    Bar bar = Bar.of(step, updates);
    long kept = updates.stream().mapToLong(RunMetrics.Update::kept).sum();
    return String.format(
        Locale.ROOT,
        "<tr><td>%,d</td><td>%,d</td><td>%,d</td><td>%,d</td></tr>",
        step,
        bar.dropped(),
        bar.grown(),
        kept);
  }
}
