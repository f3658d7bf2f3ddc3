package dev.filigree.cli;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.io.Console;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/** What the terminal of standard error is like, and what may be written on one. */
final class Terminal {
  private static final int STDERR = 2;

  /** The request for a terminal's size: of Linux, and of macOS and the BSDs. */
  private static final long TIOCGWINSZ =
      System.getProperty("os.name").startsWith("Linux") ? 0x5413 : 0x40087468;

  private static final Optional<MethodHandle> IOCTL = ioctl();

  private Terminal() {}

  /**
   * The width now, also after the window was resized; 0 where standard error goes elsewhere. Where
   * the system does not tell, the width that the launcher saw.
   */
  static int columns() {
    int atStart = columnsAtStart();
    return atStart == 0 ? 0 : IOCTL.map(Terminal::columns).filter(n -> n > 0).orElse(atStart);
  }

  private static int columnsAtStart() {
    String columns = System.getenv("FILIGREE_COLUMNS");
    return columns != null && columns.matches("\\d{1,4}") ? Integer.parseInt(columns) : 0;
  }

  @SuppressWarnings("restricted") // writes the four numbers of struct winsize, and nothing else
  private static Optional<MethodHandle> ioctl() {
    Linker linker = Linker.nativeLinker();
    return linker
        .defaultLookup()
        .find("ioctl")
        .map(
            symbol ->
                linker.downcallHandle(
                    symbol,
                    FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, ADDRESS),
                    Linker.Option.firstVariadicArg(2)));
  }

  private static int columns(MethodHandle ioctl) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment size = arena.allocate(JAVA_SHORT, 4); // rows, columns, and both in pixels
      int failed = (int) ioctl.invokeExact(STDERR, TIOCGWINSZ, size);
      return failed != 0 ? 0 : Short.toUnsignedInt(size.getAtIndex(JAVA_SHORT, 1));
    } catch (Throwable e) {
      return 0; // then it is the launcher's width that counts
    }
  }

  /** Whether standard output goes to a terminal. */
  static boolean isOutput() {
    return Optional.ofNullable(System.console()).filter(Console::isTerminal).isPresent();
  }

  /**
   * A text of a network as a terminal may show it: what would steer the terminal, or is not to be
   * seen, is escaped as in {@code \x1b} and {@code \u202e}. Line ends and tabs stay.
   */
  static String printable(String text) {
    return text.codePoints().mapToObj(Terminal::printable).collect(Collectors.joining());
  }

  private static String printable(int point) {
    if (point == '\n' || point == '\t') {
      return Character.toString(point);
    }
    return switch (Character.getType(point)) {
      case Character.CONTROL -> String.format(Locale.ROOT, "\\x%02x", point);
      case Character.FORMAT,
          Character.SURROGATE,
          Character.PRIVATE_USE,
          Character.UNASSIGNED,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR ->
          String.format(Locale.ROOT, point < 0x10000 ? "\\u%04x" : "\\U%08x", point);
      default -> Character.toString(point);
    };
  }
}
