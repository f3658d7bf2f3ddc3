package dev.filigree.zoo.report;

import dev.filigree.zoo.report.RunMetrics.Ages;
import dev.filigree.zoo.report.RunMetrics.Eval;
import dev.filigree.zoo.report.RunMetrics.Moment;
import dev.filigree.zoo.report.RunMetrics.Train;
import dev.filigree.zoo.report.RunMetrics.Update;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The rows of a run as columns of numbers, for the page's charts: null stands for what is not
 * known. A column has at most {@link #MOST} values; of a longer run each is the mean of its
 * neighbours.
 */
final class RunColumns {
  static final int MOST = 5000;

  private final RunMetrics metrics;

  RunColumns(RunMetrics metrics) {
    this.metrics = metrics;
  }

  /** The training rows. */
  Map<String, List<@Nullable Number>> train() {
    List<Train> rows = metrics.train();
    Map<String, List<@Nullable Number>> columns = moments(rows, Train::at);
    columns.put("loss", column(rows, Train::loss));
    columns.put("lr", column(rows, Train::learningRate));
    columns.put("grad_norm", column(rows, Train::gradientNorm));
    columns.put("grad_norm_sparse", column(rows, Train::sparseGradientNorm));
    columns.put("grad_norm_dense", column(rows, Train::denseGradientNorm));
    columns.put("sparsity", column(rows, Train::sparsity));
    columns.put("mean_density", column(rows, Train::meanDensity));
    columns.put("speed", column(rows, Train::positionsPerSecond));
    return columns;
  }

  /** Training rows that a value of a column stands for. */
  int rowsPerValue() {
    return Math.ceilDiv(Math.max(1, metrics.train().size()), MOST);
  }

  /** The evaluations by validation set. */
  Map<String, Map<String, List<@Nullable Number>>> evals() {
    var bySet =
        metrics.evals().stream()
            .collect(Collectors.groupingBy(Eval::dataset, TreeMap::new, Collectors.toList()));
    var sets = new LinkedHashMap<String, Map<String, List<@Nullable Number>>>();
    bySet.forEach(
        (name, rows) -> {
          Map<String, List<@Nullable Number>> columns = moments(rows, Eval::at);
          columns.put("loss", column(rows, Eval::loss));
          columns.put("accuracy", column(rows, Eval::accuracy));
          columns.put("bits_per_byte", column(rows, Eval::bitsPerByte));
          sets.put(name, columns);
        });
    return sets;
  }

  /** The mask updates: summed over the parameters. */
  Map<String, List<@Nullable Number>> updates() {
    List<List<Update>> rows =
        metrics.updates().values().stream().map(all -> List.copyOf(all.values())).toList();
    Map<String, List<@Nullable Number>> columns = moments(rows, all -> all.getFirst().at());
    columns.put("dropped", column(rows, all -> sum(all, Update::dropped)));
    columns.put("grown", column(rows, all -> sum(all, Update::grown)));
    columns.put("kept", column(rows, all -> sum(all, Update::kept)));
    columns.put("explored", column(rows, RunColumns::explored));
    Function<List<Update>, Ages> ages = all -> metrics.ages(all.getFirst().at().step());
    columns.put("age_mean", column(rows, all -> ages.apply(all).mean()));
    columns.put("age_p10", column(rows, all -> ages.apply(all).p10()));
    columns.put("age_median", column(rows, all -> ages.apply(all).median()));
    columns.put("age_p90", column(rows, all -> ages.apply(all).p90()));
    return columns;
  }

  /** R_s of all parameters together: the mean of theirs by size. */
  private static double explored(List<Update> all) {
    return sum(all, update -> update.explored() * update.size()) / sum(all, Update::size);
  }

  /** The mask updates of each parameter, in the order of the network. */
  List<Map<String, @Nullable Object>> layers() {
    var ends = new LinkedHashMap<String, RunMetrics.FinalSparsity>();
    metrics.layers().forEach(layer -> ends.put(layer.parameter(), layer));
    var updates = new LinkedHashMap<String, List<Update>>();
    ends.keySet().forEach(name -> updates.put(name, new ArrayList<>()));
    for (Map<String, Update> all : metrics.updates().values()) {
      all.forEach((name, row) -> updates.computeIfAbsent(name, _ -> new ArrayList<>()).add(row));
    }
    return updates.entrySet().stream()
        .map(entry -> layer(entry.getKey(), entry.getValue(), ends.get(entry.getKey())))
        .toList();
  }

  private Map<String, @Nullable Object> layer(
      String name, List<Update> rows, RunMetrics.@Nullable FinalSparsity end) {
    var layer = new LinkedHashMap<String, @Nullable Object>();
    layer.put("parameter", name);
    layer.put("shape", end == null ? "" : end.shape());
    layer.put("counted", end == null ? null : value(end.counted()));
    layer.put("target", end == null ? null : value(end.target()));
    layer.putAll(moments(rows, Update::at));
    layer.put("sparsity", column(rows, Update::sparsity));
    layer.put("target_sparsity", column(rows, Update::targetSparsity));
    layer.put("dropped", column(rows, Update::dropped));
    layer.put("grown", column(rows, Update::grown));
    layer.put("kept", column(rows, Update::kept));
    layer.put("dead_rows", column(rows, Update::deadRows));
    layer.put("dead_columns", column(rows, Update::deadColumns));
    layer.put("overlap", column(rows, Update::overlapWithFirst));
    layer.put("explored", column(rows, Update::explored));
    layer.put("age_mean", column(rows, row -> row.ages().mean()));
    layer.put("age_median", column(rows, row -> row.ages().median()));
    return layer;
  }

  private static double sum(List<Update> all, ToDoubleFunction<Update> value) {
    return all.stream().mapToDouble(value).sum();
  }

  private <T> Map<String, List<@Nullable Number>> moments(
      List<T> rows, Function<T, Moment> moment) {
    Function<T, Moment> known = moment.andThen(metrics::known);
    var columns = new LinkedHashMap<String, List<@Nullable Number>>();
    columns.put("step", last(rows, row -> known.apply(row).step()));
    columns.put("positions", last(rows, row -> known.apply(row).positions()));
    columns.put("seconds", last(rows, row -> known.apply(row).wallSeconds()));
    columns.put("flops", last(rows, row -> known.apply(row).flops()));
    return columns;
  }

  /** Of each group of neighbours the last: where a mean stands on the axis. */
  private static <T> List<@Nullable Number> last(List<T> rows, ToDoubleFunction<T> value) {
    return groups(rows).stream()
        .map(group -> value(value.applyAsDouble(group.getLast())))
        .collect(Collectors.toCollection(ArrayList::new));
  }

  private static <T> List<@Nullable Number> column(List<T> rows, ToDoubleFunction<T> value) {
    return groups(rows).stream()
        .map(
            group ->
                value(
                    group.stream()
                        .mapToDouble(value)
                        .filter(Double::isFinite)
                        .average()
                        .orElse(Double.NaN)))
        .collect(Collectors.toCollection(ArrayList::new));
  }

  private static <T> List<List<T>> groups(List<T> rows) {
    int size = Math.ceilDiv(Math.max(1, rows.size()), MOST);
    var groups = new ArrayList<List<T>>();
    for (int i = 0; i < rows.size(); i += size) {
      groups.add(rows.subList(i, Math.min(rows.size(), i + size)));
    }
    return groups;
  }

  /** Seven digits are more than a chart shows; JSON has no NaN. */
  private static @Nullable Number value(double value) {
    if (!Double.isFinite(value)) {
      return null;
    }
    return value == Math.rint(value) && Math.abs(value) < 1e15
        ? (Number) (long) value
        : (Number) Double.valueOf(Float.toString((float) value));
  }
}
