package dev.filigree.cli;

import dev.filigree.distributed.ClusterEnvironment;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;

/**
 * Workers of one training on this machine: JVMs like this one, which share its processors out or
 * have a GPU each. When one of them fails the others end too.
 */
final class Workers implements AutoCloseable {
  /** Says to a worker that this program speaks with the user for it. */
  static final String MARK = "FILIGREE_WORKER";

  private static final int KILLED = 128; // what the exit code of a process is above, by a signal

  /** What each JVM and each libtorch says of itself at its start. */
  private static final List<String> NOISE =
      List.of("WARNING: Using incubator modules", "[Gloo] Rank ");

  private final int size;
  private final PrintWriter out;
  private final PrintWriter err;
  private final List<Worker> workers = new ArrayList<>();
  private final BlockingQueue<Worker> ended = new LinkedBlockingQueue<>();

  /**
   * Starts them.
   *
   * @param size how many
   * @param arguments of the program, for each the same
   * @param attempt how often they were started before
   * @param out for what the first one prints
   * @param err for what each of them logs
   */
  Workers(int size, List<String> arguments, int attempt, PrintWriter out, PrintWriter err)
      throws IOException {
    this.size = size;
    this.out = out;
    this.err = err;
    int port = freePort();
    try {
      for (int rank = 0; rank < size; rank++) {
        workers.add(new Worker(rank, start(rank, port, attempt, arguments)));
      }
    } catch (IOException e) {
      close();
      throw e;
    }
  }

  /** Whether a process was started by this class. */
  static boolean isOne() {
    return System.getenv(MARK) != null;
  }

  /**
   * Ends this process, a worker, when the one that started it is gone: the pipe between them
   * closes.
   */
  static void endWithParent() {
    Thread.ofPlatform()
        .daemon()
        .name("parent")
        .start(
            () -> {
              try {
                while (System.in.read() >= 0) {
                  // Nothing is ever written.
                }
              } catch (IOException e) {
                // It is gone too.
              }
              Runtime.getRuntime().halt(1);
            });
  }

  private static int freePort() throws IOException {
    try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  private Process start(int rank, int port, int attempt, List<String> arguments)
      throws IOException {
    int processors = Math.max(1, Runtime.getRuntime().availableProcessors() / size);
    var command = new ArrayList<String>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
    command.add("-XX:ActiveProcessorCount=" + processors);
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), Main.class.getName()));
    command.addAll(arguments);
    var builder = new ProcessBuilder(command);
    builder
        .environment()
        .putAll(
            Map.of(
                "RANK",
                Integer.toString(rank),
                "LOCAL_RANK",
                Integer.toString(rank),
                "WORLD_SIZE",
                Integer.toString(size),
                "MASTER_ADDR",
                "127.0.0.1",
                "MASTER_PORT",
                Integer.toString(port),
                ClusterEnvironment.ATTEMPT,
                Integer.toString(attempt),
                "OMP_NUM_THREADS",
                Integer.toString(processors),
                MARK,
                "1"));
    builder.environment().remove("FILIGREE_STDERR"); // it has this program's own already
    if (ownsTerminal(rank)) {
      builder.redirectError(ProcessBuilder.Redirect.INHERIT);
    }
    return builder.start();
  }

  /** The first one draws the progress of all; its lines have no prefix then. */
  private static boolean ownsTerminal(int rank) {
    return rank == 0 && Terminal.columns() > 0;
  }

  /** Asks all of them to end after the step that they are in; they agree on which. */
  void requestStop() {
    // By its handle: the process itself would close the pipes too, and the worker end with them.
    workers.forEach(worker -> worker.process.toHandle().destroy());
  }

  /** Ends them at once. */
  @Override
  public void close() {
    workers.forEach(worker -> worker.process.destroyForcibly());
    workers.forEach(worker -> worker.process.onExit().join());
  }

  /**
   * Waits until all have ended well, or one has not: then it ends the others.
   *
   * @return their exit code, which is 0, or that of a program that was asked to stop
   * @throws WorkerFailure which one failed and what it said first
   */
  int await() throws InterruptedException {
    int code = 0;
    for (int left = size; left > 0; left--) {
      Worker worker = ended.take();
      int status = worker.process.exitValue();
      if (status != 0 && !worker.stopped()) {
        close();
        throw new WorkerFailure(worker.rank, size, reason(worker, status));
      }
      code = Math.max(code, status);
    }
    for (Worker worker : workers) {
      worker.hear();
    }
    return code;
  }

  private static String reason(Worker worker, int status) throws InterruptedException {
    worker.hear();
    String said = Objects.requireNonNull(worker.error.get());
    String how =
        status > KILLED
            ? "was killed by signal " + (status - KILLED)
            : "ended with status " + status;
    return said.isEmpty() ? how : how + ": " + said;
  }

  /** One of them, whose end is reported. */
  private final class Worker {
    private static final String ERROR = "error: ";

    private final int rank;
    private final Process process;
    private final AtomicReference<String> error = new AtomicReference<>("");
    private final List<Thread> readers;

    Worker(int rank, Process process) {
      this.rank = rank;
      this.process = process;
      readers =
          List.of(
              Thread.ofVirtual().start(() -> read(process.getErrorStream(), this::logged)),
              Thread.ofVirtual().start(() -> read(process.getInputStream(), this::printed)));
      CompletableFuture<Void> _ = process.onExit().thenAccept(_ -> ended.add(this));
    }

    /** Waits for its last words. */
    void hear() throws InterruptedException {
      for (Thread reader : readers) {
        reader.join();
      }
    }

    /** Whether it ended by a requested stop, with a checkpoint. */
    boolean stopped() {
      int status = process.exitValue();
      return status == Interrupts.STOPPED;
    }

    private void logged(String line) {
      if (line.startsWith(ERROR)) {
        error.compareAndSet("", line.substring(ERROR.length()));
      } else {
        err.println("[" + rank + "] " + line);
      }
    }

    private void printed(String line) {
      if (rank == 0) {
        out.println(line);
      } else {
        logged(line);
      }
    }

    private static void read(InputStream stream, Consumer<String> hearer) {
      try (var lines = new BufferedReader(new InputStreamReader(stream, StandardCharsets.UTF_8))) {
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
          if (NOISE.stream().noneMatch(line::startsWith)) {
            hearer.accept(line);
          }
        }
      } catch (IOException e) {
        // It was killed while it wrote; how it ended is reported.
      }
    }
  }
}
