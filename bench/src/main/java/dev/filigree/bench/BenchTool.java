package dev.filigree.bench;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.spi.ToolProvider;

/** The benchmarks of {@code filigree bench}. */
public final class BenchTool implements ToolProvider {
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
   * @return 0 done, 2 wrong use
   */
  @Override
  public int run(PrintWriter out, PrintWriter err, String... args) {
    var settings = new ArrayList<>(Arrays.asList(args));
    boolean json = settings.remove("--json");
    String subject = settings.isEmpty() ? "" : settings.removeFirst();
    try {
      return switch (subject) {
        case "step" -> step(out, err, json, settings);
        default -> throw new IllegalArgumentException("unknown benchmark '" + subject + "'");
      };
    } catch (IllegalArgumentException e) {
      err.println("error: " + e.getMessage());
      return WRONG_USE;
    }
  }

  private static int step(PrintWriter out, PrintWriter err, boolean json, List<String> settings) {
    var benchmark = new StepBenchmark(StepSettings.parse(settings), line -> say(err, line + "\n"));
    var rows = new ArrayList<StepRow>();
    if (!json) {
      say(out, StepTable.header());
    }
    benchmark.run(
        row -> {
          rows.add(row);
          if (!json) {
            say(out, StepTable.line(row));
          }
        });
    say(out, json ? json(rows) : StepTable.footer(rows.getLast()));
    return 0;
  }

  private static void say(PrintWriter to, String text) {
    to.print(text);
    to.flush();
  }

  private static String json(List<?> rows) {
    try {
      return new ObjectMapper().writerWithDefaultPrettyPrinter().writeValueAsString(rows) + "\n";
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }
}
