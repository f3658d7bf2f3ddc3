package dev.filigree.sparsity;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;

/** How sparse parameters are stored and why, as one line. */
final class ExecutionSummary {
  /** Names written out for each reason; the rest are counted. */
  private static final int NAMES = 3;

  private ExecutionSummary() {}

  static String of(List<SparseParameter> parameters) {
    List<SparseParameter> masked =
        parameters.stream().filter(p -> p.execution() == Execution.MASKED).toList();
    int compressed = parameters.size() - masked.size();
    String all = parameters.size() == 1 ? " sparse parameter " : " sparse parameters ";
    if (masked.isEmpty()) {
      return parameters.size() + all + "compressed";
    }
    return (compressed == 0
            ? parameters.size() + all + "masked"
            : compressed
                + " of "
                + parameters.size()
                + all
                + "compressed, "
                + masked.size()
                + " masked")
        + reasons(masked);
  }

  private static String reasons(List<SparseParameter> masked) {
    var byReason = new LinkedHashMap<String, List<String>>();
    for (SparseParameter parameter : masked) {
      byReason
          .computeIfAbsent(parameter.executionReason().orElse(""), reason -> new ArrayList<>())
          .add(parameter.name());
    }
    var parts = new ArrayList<String>();
    byReason.forEach((reason, names) -> parts.add(listed(names) + ": " + reason));
    return " (" + String.join("; ", parts) + ")";
  }

  private static String listed(List<String> names) {
    String first = String.join(", ", names.subList(0, Math.min(NAMES, names.size())));
    return names.size() > NAMES ? first + " and " + (names.size() - NAMES) + " more" : first;
  }
}
