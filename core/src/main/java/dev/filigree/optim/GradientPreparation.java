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
  private static final List<Action> ACTIONS = new CopyOnWriteArrayList<>();

  private GradientPreparation() {}

  /** Somebody who prepares gradients. */
  public interface Action {
    /** Prepares the gradients that there are; called any number of times. */
    void prepare();

    /** Hears that gradients were changed in a way that leaves zeros what they are. */
    void zerosWereKept();
  }

  /** Adds an action, to be run before gradients are read. */
  public static void add(Action action) {
    ACTIONS.add(action);
  }

  /** Takes an action away. */
  public static void remove(Action action) {
    ACTIONS.remove(action);
  }

  /** Prepares all gradients that there are. */
  public static void run() {
    ACTIONS.forEach(Action::prepare);
  }

  /** Says that prepared gradients were scaled or clamped in place, so that they are so still. */
  static void zerosWereKept() {
    ACTIONS.forEach(Action::zerosWereKept);
  }
}
