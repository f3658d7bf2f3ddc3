package dev.filigree.zoo.eval;

import java.util.List;

/** How likely a model finds texts. */
@FunctionalInterface
public interface Likelihoods {
  /** The log-probability of each continuation after its context, in nats, in the same order. */
  double[] of(List<Option> texts);
}
