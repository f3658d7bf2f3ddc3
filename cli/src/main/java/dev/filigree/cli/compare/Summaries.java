package dev.filigree.cli.compare;

import dev.filigree.zoo.report.Estimate;
import dev.filigree.zoo.report.MethodSummary;
import dev.filigree.zoo.report.PairedDifference;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.function.ToDoubleFunction;

/**
 * Statistics over the seeds of each group, and its differences to the groups that it is held to.
 */
final class Summaries {
  private static final String STATIC = "static";

  private final Map<Group, List<RunFacts>> finals;

  /**
   * @param finals of each group the runs that are over and count
   */
  Summaries(Map<Group, List<RunFacts>> finals) {
    this.finals = finals;
  }

  /** That of a group. */
  MethodSummary of(Group group) {
    List<RunFacts> runs = runs(group);
    int lost = (int) runs.stream().filter(RunFacts::isLost).count();
    List<RunFacts> counted = lost == 0 ? runs : List.of();
    String unit = runs.isEmpty() ? "token" : runs.getFirst().unit();
    var measured = new LinkedHashMap<String, Estimate>();
    measured.put(MethodSummary.LOSS, estimate(counted, RunFacts::validationLoss));
    measured.put("perplexity", estimate(counted, RunFacts::perplexity));
    measured.put("bits_per_byte", estimate(counted, RunFacts::bitsPerByte));
    measured.put("accuracy", estimate(counted, RunFacts::accuracy));
    measured.put("training_flops", estimate(runs, RunFacts::flops));
    measured.put("evidence_flops", estimate(runs, RunFacts::evidenceFlops));
    measured.put("seconds", estimate(runs, RunFacts::seconds));
    measured.put("cpu_seconds", estimate(runs, RunFacts::cpuSeconds));
    measured.put(unit + "s_per_second", estimate(runs, RunFacts::speed));
    measured.put("peak_memory_bytes", estimate(runs, RunFacts::peakMemory));
    measured.put("counted_sparsity", estimate(counted, RunFacts::sparsity));
    var differences = new LinkedHashMap<String, Optional<PairedDifference>>();
    differences.put(MethodSummary.TO_STATIC, difference(group, staticOf(group)));
    differences.put(MethodSummary.TO_SMALL_DENSE, difference(group, smallDenseOf(group)));
    return new MethodSummary(runs.size(), lost, measured, differences);
  }

  private List<RunFacts> runs(Group group) {
    return finals.getOrDefault(group, List.of());
  }

  private static Estimate estimate(List<RunFacts> runs, ToDoubleFunction<RunFacts> value) {
    return Estimate.of(runs.stream().mapToDouble(value).boxed().toList());
  }

  /** Masks that stay, as random as they began: the method of that name, else the first one. */
  private Optional<Group> staticOf(Group group) {
    List<Group> all = alike(group, method -> method.kind().equals(STATIC));
    return all.stream()
        .filter(each -> each.method().label().equals(STATIC))
        .findFirst()
        .or(() -> all.stream().findFirst());
  }

  /** Of several small dense networks that of the least mean loss. */
  private Optional<Group> smallDenseOf(Group group) {
    return alike(group, method -> method.kind().equals(Method.SMALL_DENSE)).stream()
        .min(
            Comparator.comparingDouble(
                each ->
                    runs(each).stream()
                        .mapToDouble(RunFacts::validationLoss)
                        .average()
                        .orElse(Double.POSITIVE_INFINITY)));
  }

  /** Groups with the sparsity of this one; with the only one there is, for a dense network. */
  private List<Group> alike(Group group, Predicate<Method> kind) {
    var alike = new ArrayList<Group>();
    for (Group each : finals.keySet()) {
      boolean same = each.sparsity() == group.sparsity() || group.alone();
      if (same && kind.test(each.method()) && !runs(each).isEmpty()) {
        alike.add(each);
      }
    }
    return alike;
  }

  private Optional<PairedDifference> difference(Group group, Optional<Group> reference) {
    return reference
        .filter(other -> !other.equals(group))
        .map(other -> PairedDifference.of(other.name(), losses(group), losses(other)));
  }

  private Map<Long, Double> losses(Group group) {
    var losses = new LinkedHashMap<Long, Double>();
    runs(group).forEach(run -> losses.put(run.seed(), run.validationLoss()));
    return losses;
  }
}
