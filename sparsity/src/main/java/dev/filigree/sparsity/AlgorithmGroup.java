package dev.filigree.sparsity;

import dev.filigree.sparsity.algorithm.SparsityAlgorithm;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Several algorithms on different parameters: for each parameter the first that matches. */
public final class AlgorithmGroup {
  private final List<Entry> entries;

  private AlgorithmGroup(List<Entry> entries) {
    this.entries = List.copyOf(entries);
  }

  /** No algorithm yet. */
  public static AlgorithmGroup empty() {
    return new AlgorithmGroup(List.of());
  }

  /** One algorithm for the parameters that are sparse by default. */
  public static AlgorithmGroup of(SparsityAlgorithm algorithm) {
    return empty().with(ParameterFilter.standard(), algorithm);
  }

  /** This group with one more algorithm, for what the earlier ones leave. */
  public AlgorithmGroup with(ParameterFilter filter, SparsityAlgorithm algorithm) {
    return new AlgorithmGroup(
        Stream.concat(entries.stream(), Stream.of(new Entry(filter, algorithm))).toList());
  }

  /** The algorithms with their filters, in the order in which they match. */
  public List<Entry> entries() {
    return entries;
  }

  /**
   * Which entry takes which parameter.
   *
   * @param shapes the shapes of all parameters by name
   * @param otherNames further names that filters may match, by parameter name
   * @return for each entry, in order, the names of the parameters it takes
   * @throws UnmatchedFilterException for a pattern that matches no parameter, or a default filter
   *     that finds none
   */
  public List<List<String>> assign(
      Map<String, long[]> shapes, Map<String, List<String>> otherNames) {
    List<Candidate> candidates =
        shapes.entrySet().stream()
            .map(
                entry ->
                    new Candidate(
                        entry.getKey(),
                        otherNames.getOrDefault(entry.getKey(), List.of()),
                        entry.getValue()))
            .toList();
    if (entries.isEmpty()) {
      throw new IllegalArgumentException("a group without an algorithm makes nothing sparse");
    }
    List<List<String>> assigned = new ArrayList<>();
    var taken = new HashSet<String>();
    for (int i = 0; i < entries.size(); i++) {
      ParameterFilter filter = entries.get(i).filter();
      requireMatches(i, filter, candidates);
      assigned.add(
          candidates.stream()
              .filter(candidate -> candidate.matches(filter) && taken.add(candidate.name))
              .map(candidate -> candidate.name)
              .toList());
    }
    return assigned;
  }

  private static void requireMatches(
      int entry, ParameterFilter filter, List<Candidate> candidates) {
    var single =
        filter.globs().isEmpty()
            ? List.of(filter)
            : filter.globs().stream().map(glob -> new ParameterFilter(List.of(glob))).toList();
    for (ParameterFilter each : single) {
      if (candidates.stream().noneMatch(candidate -> candidate.matches(each))) {
        throw new UnmatchedFilterException(
            entry, each, candidates.stream().map(candidate -> candidate.name).toList());
      }
    }
  }

  /** A parameter that a filter may take. */
  private static final class Candidate {
    private final String name;
    private final List<String> names;
    private final long[] shape;

    Candidate(String name, List<String> otherNames, long[] shape) {
      this.name = name;
      this.names = Stream.concat(Stream.of(name), otherNames.stream()).toList();
      this.shape = shape;
    }

    boolean matches(ParameterFilter filter) {
      return filter.matches(names, shape);
    }
  }

  /** An algorithm and the parameters it is for. */
  public record Entry(ParameterFilter filter, SparsityAlgorithm algorithm) {}
}
