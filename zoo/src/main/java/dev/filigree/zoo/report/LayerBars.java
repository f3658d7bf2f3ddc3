package dev.filigree.zoo.report;

import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** The sparsity of each layer: a bar for what was counted, a tick for its target. */
final class LayerBars {
  /** A difference that rounding down a count does not explain. */
  private static final double TOLERANCE = 0.005;

  private LayerBars() {}

  static String html(List<RunMetrics.FinalSparsity> layers) {
    return layers.stream()
        .map(LayerBars::row)
        .collect(Collectors.joining("\n", "<div class=\"layers\">", "</div>"));
  }

  private static String row(RunMetrics.FinalSparsity layer) {
    double counted = Double.isFinite(layer.counted()) ? layer.counted() : 0;
    double target = Double.isFinite(layer.target()) ? layer.target() : counted;
    boolean off = Math.abs(target - counted) > TOLERANCE;
    return String.format(
        Locale.ROOT,
        """
        <div class="layer"><span class="name" title="%s">%s</span><span class="shape">%s</span>\
        <span class="track%s"><b style="width:%.2f%%"></b><i style="left:%.2f%%"></i></span>\
        <span class="value">%s</span><span class="value target">%s</span></div>""",
        Html.escape(layer.parameter()),
        Html.escape(layer.parameter()),
        Html.escape(layer.shape()),
        off ? " off" : "",
        100 * counted,
        100 * target,
        Figures.percent(layer.counted()),
        Figures.percent(layer.target()));
  }
}
