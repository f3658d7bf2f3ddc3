package dev.filigree.cli;

import dev.filigree.io.Failures;
import dev.filigree.zoo.report.WatchServer;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.BindException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Shows runs in a browser while they go on. */
@Command(
    name = "watch",
    description = "Shows runs in a browser of this machine, while they go on and afterwards.",
    footer = {
      "",
      "Examples:",
      "  filigree watch runs/first",
      "  filigree watch runs/first runs/second",
      "  filigree watch runs/compare-my-20261124-193000",
      "",
      "It serves this machine only, and changes nothing. Ctrl-C ends it."
    })
final class WatchCommand implements Callable<Integer> {
  private static final int PORT = 6116;

  @Spec private CommandSpec spec;

  @Parameters(
      paramLabel = "RUN",
      arity = "1..*",
      description = "Run directories, or a folder whose folders are some.")
  private List<Path> runs;

  @Option(
      names = "--port",
      paramLabel = "N",
      description =
          "The port to serve on; 0 for any. Default: " + PORT + ", or any if it is taken.")
  private @Nullable Integer port;

  @Override
  public Integer call() throws InterruptedException {
    List<Path> folders = RunFolders.named(runs);
    var stopped = new CountDownLatch(1);
    Object interrupt = Signals.handle("INT", stopped::countDown);
    try (WatchServer server = server(folders)) {
      PrintWriter out = spec.commandLine().getOut();
      out.println(
          "%s shows %s; Ctrl-C ends it"
              .formatted(
                  server.url(),
                  folders.size() == 1 ? folders.getFirst() : folders.size() + " runs"));
      out.flush();
      stopped.await();
    } finally {
      Signals.restore("INT", interrupt);
    }
    return 0;
  }

  private WatchServer server(List<Path> folders) {
    if (port != null && (port < 0 || port > 65535)) {
      throw new UsageException("--port must be from 0 to 65535, found " + port);
    }
    try {
      return new WatchServer(folders, port == null ? PORT : port);
    } catch (BindException e) {
      if (port != null) {
        throw new UsageException("--port " + port + ": " + Failures.reason(e));
      }
    } catch (IOException e) {
      throw new UsageException("cannot serve: " + Failures.reason(e));
    }
    try {
      return new WatchServer(folders, 0);
    } catch (IOException e) {
      throw new UsageException("cannot serve: " + Failures.reason(e));
    }
  }
}
