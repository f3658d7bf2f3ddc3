package dev.filigree.sparsity;

import dev.filigree.config.Glob;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Which parameters are made sparse.
 *
 * @param globs patterns over whole names, any of which may match; empty for the default: parameters
 *     of two or more dimensions that are no embedding, norm or output head, going by the names that
 *     the field gives those
 */
public record ParameterFilter(List<String> globs) {
  /** Anywhere in a name; the Model Zoo's list. */
  private static final List<String> DENSE_PARTS =
      List.of("embedding", "embed_tokens", "wte", "wpe", "norm", "lm_head", "pe_helper");

  /** Modules that are embeddings, anywhere on the way to a parameter. */
  private static final List<Glob> EMBEDDINGS =
      Stream.of("embed", "embed_*", "*_embed").map(Glob::new).toList();

  /**
   * Modules that are output heads: the first on the way to a parameter or the one that owns it. A
   * head of attention lies between.
   */
  private static final Set<String> HEADS =
      Set.of(
          "classification_head",
          "classifier",
          "head",
          "heads",
          "last_layer",
          "output_projection",
          "qa_outputs",
          "score",
          "to_logits");

  /** The globs are copied. */
  public ParameterFilter {
    globs = List.copyOf(globs);
  }

  /**
   * The default: all parameters of two or more dimensions except embeddings, norms and output
   * heads.
   */
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
      return shape.length >= 2 && names.stream().noneMatch(ParameterFilter::isDenseByDefault);
    }
    return globs.stream().anyMatch(glob -> names.stream().anyMatch(new Glob(glob)::matches));
  }

  private static boolean isDenseByDefault(String name) {
    List<String> path = List.of(name.split("\\."));
    List<String> modules = path.subList(0, path.size() - 1);
    return DENSE_PARTS.stream().anyMatch(name::contains)
        || modules.stream().anyMatch(m -> EMBEDDINGS.stream().anyMatch(e -> e.matches(m)))
        || (!modules.isEmpty()
            && (HEADS.contains(modules.getFirst()) || HEADS.contains(modules.getLast())));
  }
}
