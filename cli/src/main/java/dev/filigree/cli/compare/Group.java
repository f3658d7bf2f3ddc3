package dev.filigree.cli.compare;

import dev.filigree.zoo.report.Figures;

/**
 * A method at a sparsity: what a line of the table is about.
 *
 * @param sparsity at the end, a fraction; for a small dense network, that of the network that keeps
 *     as many weights; NaN for what has none
 * @param alone whether the comparison has no other sparsity, so that names need not say it
 */
public record Group(Method method, double sparsity, boolean alone) {
  /** The name of its folders and lines. */
  public String name() {
    return alone || Double.isNaN(sparsity)
        ? method.label()
        : method.label() + "-" + Figures.significant(sparsity);
  }
}
