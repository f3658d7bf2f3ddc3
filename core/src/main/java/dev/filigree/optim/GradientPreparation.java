package dev.filigree.optim;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * What must happen to gradients once the backward passes are over and before anybody reads them,
 * such as zeroing those of weights that do not exist: for all of them together, which costs a GPU's
 * host less than as each arrives. Clipping, loss scales and sparse optimizers prepare the gradients
 * that they read; who reads them in another way calls {@link #run} before.
 */
public final class GradientPreparation {
  private static final List<Runnable> ACTIONS = new CopyOnWriteArrayList<>();

  private GradientPreparation() {}

  /**
   * Adds an action, to be run before gradients are read, any number of times.
   *
   * @param action the same object ends it
   */
  public static void add(Runnable action) {
    ACTIONS.add(action);
  }

  /** Takes an action away. */
  public static void remove(Runnable action) {
    ACTIONS.remove(action);
  }

  /** Prepares all gradients that there are. */
  public static void run() {
    ACTIONS.forEach(Runnable::run);
  }
}
