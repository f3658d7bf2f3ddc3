package dev.filigree.zoo.train;

import org.bytedeco.pytorch.Context;
import org.bytedeco.pytorch.global.torch;

/**
 * Holds libtorch to operations that give the same numbers every time; one that has no such form
 * fails and names itself. The earlier settings come back on close. They are of the whole process.
 */
final class Determinism implements AutoCloseable {
  private final boolean algorithms;
  private final boolean warnOnly;
  private final boolean convolutions;

  private Determinism(Context context) {
    algorithms = context.deterministicAlgorithms();
    warnOnly = context.deterministicAlgorithmsWarnOnly();
    convolutions = context.deterministicCuDNN();
  }

  /** Forces it until closed. */
  static Determinism force() {
    Context context = torch.globalContext();
    var before = new Determinism(context);
    context.setDeterministicAlgorithms(true, false);
    context.setDeterministicCuDNN(true);
    return before;
  }

  @Override
  public void close() {
    Context context = torch.globalContext();
    context.setDeterministicAlgorithms(algorithms, warnOnly);
    context.setDeterministicCuDNN(convolutions);
  }
}
