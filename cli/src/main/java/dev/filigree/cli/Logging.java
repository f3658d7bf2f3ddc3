package dev.filigree.cli;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import org.slf4j.LoggerFactory;

/** How much the libraries say; {@code logback.xml} keeps them quiet. */
final class Logging {
  private Logging() {}

  static void verbose() {
    if (LoggerFactory.getLogger("dev.filigree") instanceof Logger logger) {
      logger.setLevel(Level.DEBUG);
    }
  }

  static boolean isVerbose() {
    return LoggerFactory.getLogger("dev.filigree").isDebugEnabled();
  }
}
