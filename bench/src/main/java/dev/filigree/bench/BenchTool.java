package dev.filigree.bench;

import dev.filigree.io.Json;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.spi.ToolProvider;
import java.util.stream.Collectors;

/** The benchmarks of {@code filigree bench}. */
public final class BenchTool implements ToolProvider {
  private static final int FAILED = 1;
  private static final int WRONG_USE = 2;

  /** For the service loader. */
  public BenchTool() {}

  @Override
  public String name() {
    return "filigree-bench";
  }

  /**
   * Runs a benchmark.
   *
   * @param args what to measure, then {@code --json} and settings {@code key=value}
   * @return 0 done, 1 where the measured peak was none, 2 wrong use
   */
  @Override
  public int run(PrintWriter out, PrintWriter err, String... args) {
    var settings = new ArrayList<>(Arrays.asList(args));
    boolean json = settings.remove("--json");
    String subject = settings.isEmpty() ? "" : settings.removeFirst();
    try {
      return switch (subject) {
        case "kernels" -> kernels(out, err, json, settings);
        case "layer" -> layer(out, json, settings);
        case "step" -> step(out, err, json, settings);
        case "scale" -> scale(out, err, json, settings);
        case "supar" -> supar(out, json, settings);
        default -> throw new IllegalArgumentException("unknown benchmark '" + subject + "'");
      };
    } catch (IllegalArgumentException e) {
      err.println("error: " + e.getMessage());
      return WRONG_USE;
    } catch (PeakRate.Exceeded e) {
      err.println("error: " + e.getMessage());
      return FAILED;
    }
  }

  private static int kernels(
      PrintWriter out, PrintWriter err, boolean json, List<String> settings) {
    var benchmark = new KernelBenchmark(KernelSettings.parse(settings), progress(err));
    print(out, json, benchmark::run, KernelRow.header(), KernelRow::line, BenchTool::means);
    return 0;
  }

  private static int layer(PrintWriter out, boolean json, List<String> settings) {
    var benchmark = new LayerBenchmark(KernelSettings.parse(settings));
    print(out, json, benchmark::run, LayerRow.header(), LayerRow::line, _ -> "");
    return 0;
  }

  private static int step(PrintWriter out, PrintWriter err, boolean json, List<String> settings) {
    if (settings.contains("device=cuda")) {
      var benchmark = new GpuStepBenchmark(GpuStepSettings.parse(settings), progress(err));
      print(
          out,
          json,
          benchmark::run,
          GpuStepRow.header(),
          GpuStepRow::line,
          GpuStepBenchmark::footer);
      return 0;
    }
    var benchmark = new StepBenchmark(StepSettings.parse(settings), progress(err));
    print(
        out,
        json,
        benchmark::run,
        StepTable.header(),
        StepTable::line,
        rows -> StepTable.footer(rows.getLast()));
    return 0;
  }

  private static int scale(PrintWriter out, PrintWriter err, boolean json, List<String> settings) {
    var benchmark = new ScaleBenchmark(ScaleSettings.parse(settings), progress(err));
    print(out, json, benchmark::run, ScaleRow.header(), ScaleRow::line, _ -> ScaleRow.footer());
    return 0;
  }

  private static int supar(PrintWriter out, boolean json, List<String> settings) {
    var benchmark = new SuparBenchmark(SuparSettings.parse(settings));
    print(
        out,
        json,
        benchmark::run,
        SuparRow.header(),
        SuparRow::line,
        _ ->
            "in %s: %s, %s%n".formatted(benchmark.folder(), SuparBenchmark.CSV, SuparPicture.NAME));
    return 0;
  }

  private static Consumer<String> progress(PrintWriter err) {
    return line -> say(err, line + "\n");
  }

  /** Prints a table line by line as rows come, or all of them as JSON at the end. */
  private static <R> void print(
      PrintWriter out,
      boolean json,
      Consumer<Consumer<R>> benchmark,
      String header,
      Function<R, String> line,
      Function<List<R>, String> footer) {
    var rows = new ArrayList<R>();
    if (json) {
      benchmark.accept(rows::add);
      say(out, Json.indented(rows) + "\n");
      return;
    }
    say(out, header);
    benchmark.accept(
        row -> {
          rows.add(row);
          say(out, line.apply(row));
        });
    say(out, footer.apply(rows));
  }

  /** The geometric mean of the speedups over the shapes, for each product and sparsity. */
  private static String means(List<KernelRow> rows) {
    var text = new StringBuilder("Geometric means over the shapes, x dense:\n");
    for (KernelRow.Kernel kernel : KernelRow.Kernel.values()) {
      Map<Double, Double> logarithms =
          rows.stream()
              .filter(row -> row.kernel() == kernel)
              .collect(
                  Collectors.groupingBy(
                      KernelRow::sparsity,
                      TreeMap::new,
                      Collectors.averagingDouble(row -> Math.log(row.speedup()))));
      text.append(String.format(Locale.ROOT, "%-16s", kernel));
      logarithms.forEach(
          (sparsity, mean) ->
              text.append(String.format(Locale.ROOT, "  %s: %.2f", sparsity, Math.exp(mean))));
      text.append('\n');
    }
    return text.toString();
  }

  private static void say(PrintWriter to, String text) {
    to.print(text);
    to.flush();
  }
}
