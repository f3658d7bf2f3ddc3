package dev.filigree.sparsity;

import java.util.Collection;

/** A parameter filter that matches nothing: the run would silently be dense. */
public final class UnmatchedFilterException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  private final int entry;

  UnmatchedFilterException(int entry, ParameterFilter filter, Collection<String> names) {
    super(
        (filter.globs().isEmpty()
                ? "no parameter is sparse by default"
                : "the pattern '" + filter.globs().getFirst() + "' matches no parameter")
            + "; the parameters are "
            + names.stream().limit(12).toList()
            + (names.size() > 12 ? " and " + (names.size() - 12) + " more" : ""));
    this.entry = entry;
  }

  /** The index of the group's entry whose filter it is. */
  public int entry() {
    return entry;
  }
}
