package dev.filigree.optim;

/**
 * L2 norms of gradients.
 *
 * @param all of all parameters together
 * @param chosen of those that were asked for
 * @param others of the rest; with {@code chosen}, up to rounding, the legs of a right triangle
 *     whose hypotenuse is {@code all}
 */
public record GradientNorms(double all, double chosen, double others) {}
