package dev.filigree.cli;

import java.lang.reflect.Proxy;

/**
 * Signal handlers by sun.misc.Signal: a shutdown hook, the official way, cannot hear a second
 * signal. By reflection, because javac warns of every use of that class and the build takes no
 * warnings; it stays in the JDK until it has a successor (JEP 260).
 */
final class Signals {
  private Signals() {}

  /** Sets a handler; returns the previous one, for {@link #restore}. */
  static Object handle(String name, Runnable handler) {
    try {
      Class<?> handlerType = Class.forName("sun.misc.SignalHandler");
      Object proxy =
          Proxy.newProxyInstance(
              Signals.class.getClassLoader(),
              new Class<?>[] {handlerType},
              (self, method, arguments) ->
                  switch (method.getName()) {
                    case "handle" -> {
                      handler.run();
                      yield null;
                    }
                    case "hashCode" -> System.identityHashCode(self);
                    case "equals" -> self == arguments[0];
                    default -> "signal handler";
                  });
      return set(name, proxy);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("signals cannot be handled on this JVM", e);
    }
  }

  static void restore(String name, Object handler) {
    try {
      Object _ = set(name, handler);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("signals cannot be handled on this JVM", e);
    }
  }

  private static Object set(String name, Object handler) throws ReflectiveOperationException {
    Class<?> signalType = Class.forName("sun.misc.Signal");
    Object signal = signalType.getConstructor(String.class).newInstance(name);
    return signalType
        .getMethod("handle", signalType, Class.forName("sun.misc.SignalHandler"))
        .invoke(null, signal, handler);
  }
}
