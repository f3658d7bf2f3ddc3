package dev.filigree.sparsity;

import dev.filigree.config.Glob;
import java.util.Collection;
import java.util.List;

/**
 * Which parameters are made sparse.
 *
 * @param globs patterns over whole names, any of which may match; empty for the default: parameters
 *     of two or more dimensions that are no embedding, norm or output head
 */
public record ParameterFilter(List<String> globs) {
  private static final List<String> NEVER_BY_DEFAULT =
      List.of("embedding", "embed_tokens", "wte", "wpe", "norm", "lm_head", "pe_helper");

  public ParameterFilter {
    globs = List.copyOf(globs);
  }

  public static ParameterFilter standard() {
    return new ParameterFilter(List.of());
  }

  /**
   * Whether a parameter is made sparse.
   *
   * @param names the parameter's name and the other names it goes by
   * @param shape the parameter's shape
   */
  public boolean matches(Collection<String> names, long[] shape) {
    if (globs.isEmpty()) {
      return shape.length >= 2
          && names.stream().noneMatch(name -> NEVER_BY_DEFAULT.stream().anyMatch(name::contains));
    }
    return globs.stream().anyMatch(glob -> names.stream().anyMatch(new Glob(glob)::matches));
  }
}
