package dev.filigree.sparsity;

import dev.filigree.optim.Optimizer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The steps of a wrapped optimizer. Those that its sparse wrapper did not make are noticed, where
 * the optimizer counts its steps: masks were not updated then, nor weights outside them set to
 * zero.
 */
final class InnerSteps {
  private static final Logger LOG = LoggerFactory.getLogger(InnerSteps.class);

  private final Optimizer inner;
  private long known;
  private long past;

  InnerSteps(Optimizer inner) {
    this.inner = inner;
    known = inner.stepsMade();
  }

  void make() {
    check();
    inner.step();
    known = inner.stepsMade();
  }

  /** Says in one line that there were steps past the wrapper, when the first ones are found. */
  void check() {
    long made = inner.stepsMade();
    if (made > known) {
      if (past == 0) {
        LOG.warn("{}", describe(made - known));
      }
      past += made - known;
      known = made;
    }
  }

  /**
   * Checks that all steps were the wrapper's.
   *
   * @throws IllegalStateException when some were not
   */
  void requireOwn() {
    check();
    if (past > 0) {
      throw new IllegalStateException(describe(past));
    }
  }

  private String describe(long steps) {
    return "the optimizer inside the sparse one was stepped past it, "
        + steps
        + (steps == 1 ? " time" : " times")
        + ": no mask was updated; call step() of what Sparsity.wrap returned";
  }
}
