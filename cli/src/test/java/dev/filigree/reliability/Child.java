package dev.filigree.reliability;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The program in a process of its own, which a test may kill. */
final class Child implements AutoCloseable {
  private static final long PATIENCE_SECONDS = 600;

  private final Process process;
  private final Path output;

  private Child(Process process, Path output) {
    this.process = process;
    this.output = output;
  }

  /** Starts a command; what it prints goes to a file in {@code folder}. */
  static Child start(Path folder, List<String> jvm, String... arguments) throws IOException {
    return start(folder, List.of(), jvm, Map.of(), arguments);
  }

  /**
   * @param before a program that becomes the JVM, such as a shell with a limit
   * @param jvm more options of the JVM
   */
  static Child start(
      Path folder,
      List<String> before,
      List<String> jvm,
      Map<String, String> environment,
      String... arguments)
      throws IOException {
    var command = new ArrayList<>(before);
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(
        List.of(
            "--add-modules",
            "jdk.incubator.vector",
            "--enable-native-access=ALL-UNNAMED",
            "-Xmx256m",
            "-XX:+UseSerialGC",
            "-Dorg.bytedeco.javacpp.maxbytes=0",
            "-Dorg.bytedeco.javacpp.maxphysicalbytes=0"));
    command.addAll(jvm);
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), "dev.filigree.cli.Main"));
    command.addAll(Arrays.asList(arguments));
    Path output = Files.createTempFile(folder, "child", ".txt");
    var builder =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile());
    builder.environment().put("OMP_WAIT_POLICY", "PASSIVE");
    builder.environment().putAll(environment);
    return new Child(builder.start(), output);
  }

  long pid() {
    return process.pid();
  }

  boolean isAlive() {
    return process.isAlive();
  }

  /** Ends it at once, as the system's out-of-memory killer does. */
  void kill() throws InterruptedException {
    process.destroyForcibly();
    process.waitFor();
  }

  void signal(String name) throws IOException, InterruptedException {
    new ProcessBuilder("kill", "-" + name, Long.toString(pid())).start().waitFor();
  }

  /** Waits for its end. */
  int exitCode() throws InterruptedException {
    if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
      throw new AssertionError("still running after " + PATIENCE_SECONDS + " s");
    }
    return process.exitValue();
  }

  String output() throws IOException {
    return Files.readString(output);
  }

  /** What it printed, without the JVM's own warnings. */
  List<String> lines() throws IOException {
    return output()
        .lines()
        .filter(line -> !line.startsWith("WARNING: Using incubator modules") && !line.isBlank())
        .toList();
  }

  /** Waits until something is so, while it runs. */
  void await(Condition condition) throws Exception {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    while (!condition.holds()) {
      if (!isAlive() || System.nanoTime() > end) {
        throw new AssertionError("the program ended, or it takes too long: " + output());
      }
      Thread.sleep(1);
    }
  }

  /** Something to wait for. */
  @FunctionalInterface
  interface Condition {
    boolean holds() throws Exception;
  }

  /** A number of /proc/PID/status, in KiB; null where there is no such file. */
  @Nullable Long status(String key) throws IOException {
    Path file = Path.of("/proc", Long.toString(pid()), "status");
    if (!Files.exists(file)) {
      return null;
    }
    return Files.readAllLines(file).stream()
        .filter(line -> line.startsWith(key + ":"))
        .map(line -> Long.valueOf(line.replaceAll("\\D", "")))
        .findFirst()
        .orElse(null);
  }

  /** Open files, pipes and sockets. */
  long openFiles() throws IOException {
    try (Stream<Path> files = Files.list(Path.of("/proc", Long.toString(pid()), "fd"))) {
      return files.count();
    }
  }

  @Override
  public void close() {
    try {
      kill();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
