package dev.filigree.cli.compare;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Makes each run in a JVM like this one, so that memory and random numbers are its own. Runs at
 * once share the processors out, or have the devices in turn. They end with this process.
 */
public final class ChildProcesses implements RunStarter {
  private final BaseConfig base;
  private final int jobs;
  private final List<String> devices;
  private final String main;
  private final String mark;

  /**
   * @param devices in turn; empty for that of the configuration
   * @param main the program's class
   * @param mark a variable that says to the process that this one speaks with the user for it
   */
  public ChildProcesses(BaseConfig base, int jobs, List<String> devices, String main, String mark) {
    this.base = base;
    this.jobs = jobs;
    this.devices = List.copyOf(devices);
    this.main = main;
    this.mark = mark;
  }

  @Override
  public Started start(RunSpec run, Path directory, boolean resumes, int slot) throws IOException {
    Files.createDirectories(directory);
    int processors = Math.max(1, Runtime.getRuntime().availableProcessors() / jobs);
    var command = new ArrayList<String>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
    command.add("-XX:ActiveProcessorCount=" + processors);
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), main, "train"));
    if (resumes) {
      command.addAll(List.of("--resume", directory.toString()));
    } else {
      if (base.file() != null) {
        command.add(base.file().toString());
      }
      run.overrides().forEach(override -> command.addAll(List.of("-s", override)));
      command.addAll(List.of("--out", directory.toString()));
    }
    if (!devices.isEmpty()) {
      command.addAll(List.of("--device", devices.get(slot % devices.size())));
    }
    command.add("--quiet");
    var builder = new ProcessBuilder(command);
    builder.environment().put(mark, "1");
    builder.environment().put("OMP_NUM_THREADS", Integer.toString(processors));
    builder.environment().remove("FILIGREE_STDERR");
    return new Child(builder.start(), directory.resolve("log.txt"));
  }

  /** A process and what it says, which goes into {@code log.txt} of its run. */
  private static final class Child implements Started {
    private static final String ERROR = "error: ";

    private final Process process;
    private final OutputStream life; // the process ends when it is closed
    private final Path log;
    private final List<Thread> readers;
    private volatile @Nullable String error;

    Child(Process process, Path log) {
      this.process = process;
      this.log = log;
      life = process.getOutputStream();
      readers =
          List.of(
              Thread.ofVirtual().start(() -> read(process.getErrorStream())),
              Thread.ofVirtual().start(() -> read(process.getInputStream())));
    }

    private void read(InputStream stream) {
      try (var lines = new BufferedReader(new InputStreamReader(stream, StandardCharsets.UTF_8))) {
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
          if (line.startsWith(ERROR)) {
            error = line.substring(ERROR.length());
          }
          append(line);
        }
      } catch (IOException e) {
        // It was killed while it wrote; how it ended is reported.
      }
    }

    private synchronized void append(String line) throws IOException {
      if (!line.startsWith("WARNING: Using incubator modules")
          && Files.isDirectory(log.resolveSibling(""))) {
        Files.writeString(log, line + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
      }
    }

    @Override
    public boolean isRunning() {
      return process.isAlive();
    }

    @Override
    public void requestStop() {
      process.toHandle().destroy(); // by its handle: the process itself would close the pipes too
    }

    @Override
    public void end() {
      process.destroyForcibly();
      process.onExit().join();
    }

    @Override
    public String error() {
      try {
        for (Thread reader : readers) {
          reader.join();
        }
        life.close();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      } catch (IOException e) {
        // It is gone.
      }
      int status = process.exitValue();
      return status == 0 ? "" : Objects.requireNonNullElse(error, "status " + status);
    }
  }
}
