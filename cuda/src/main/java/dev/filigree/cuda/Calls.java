package dev.filigree.cuda;

/** Calls of native functions, whose method handles declare {@link Throwable}. */
final class Calls {
  private Calls() {}

  /** A call that returns an error code. */
  @FunctionalInterface
  interface Call {
    int run() throws Throwable;
  }

  /** The error code of a call. */
  static int of(Call call) {
    try {
      return call.run();
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }
}
