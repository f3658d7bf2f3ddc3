package dev.filigree.zoo.report;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.filigree.io.Failures;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * Serves a page of runs to browsers of this machine, as they go on: {@code /} is the page, {@code
 * /run/0} the first run as JSON. It listens on the loopback interface only, refuses requests that
 * name another host, reads the named runs only, and changes nothing.
 */
public final class WatchServer implements AutoCloseable {
  private final HttpServer server;
  private final ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor();
  private final List<RunContent> runs = new ArrayList<>();
  private final String page;

  /**
   * Begins to serve.
   *
   * @param directories run directories, at least one
   * @param port to listen on; 0 for any that is free
   * @throws IOException when the port is in use
   * @throws IllegalArgumentException when no directory is given
   */
  public WatchServer(List<Path> directories, int port) throws IOException {
    this(directories, port, Clock.systemUTC());
  }

  WatchServer(List<Path> directories, int port, Clock clock) throws IOException {
    if (directories.isEmpty()) {
      throw new IllegalArgumentException("no run to watch");
    }
    directories.forEach(directory -> runs.add(new RunContent(directory, clock)));
    List<String> names = directories.stream().map(RunContent::name).toList();
    page = Page.live(names.size() == 1 ? names.getFirst() : names.size() + " runs", names);
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
    server.setExecutor(executor);
    server.createContext("/", this::answer);
    server.start();
  }

  /** The port that it listens on. */
  public int port() {
    return server.getAddress().getPort();
  }

  /** The page's address. */
  public String url() {
    return "http://localhost:" + port() + "/";
  }

  private void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      String path = exchange.getRequestURI().getRawPath();
      if (!isOurs(exchange.getRequestHeaders().getFirst("Host"))) {
        // Another name for this address: a page from elsewhere that wants to read ours.
        send(exchange, 403, "text/plain", "This server answers for localhost only.");
      } else if (!Set.of("GET", "HEAD").contains(exchange.getRequestMethod())) {
        exchange.getResponseHeaders().set("Allow", "GET, HEAD");
        send(exchange, 405, "text/plain", "This server only shows.");
      } else if (path.equals("/")) {
        send(exchange, 200, "text/html", page);
      } else if (path.matches("/run/\\d{1,6}") && number(path) < runs.size()) {
        sendRun(exchange, runs.get(number(path)));
      } else {
        send(exchange, 404, "text/plain", "There is nothing here.");
      }
    }
  }

  private boolean isOurs(String host) {
    return host != null
        && Set.of("localhost", "127.0.0.1", "[::1]").stream()
            .anyMatch(name -> host.equals(name + ":" + port()));
  }

  private static int number(String path) {
    return Integer.parseInt(path.substring("/run/".length()));
  }

  /** Nothing but its name where the browser has the newest. */
  private static void sendRun(HttpExchange exchange, RunContent run) throws IOException {
    try {
      String json;
      synchronized (run) {
        String tag = '"' + run.version() + '"';
        exchange.getResponseHeaders().set("ETag", tag);
        if (tag.equals(exchange.getRequestHeaders().getFirst("If-None-Match"))) {
          exchange.sendResponseHeaders(304, -1);
          return;
        }
        json = run.json();
      }
      send(exchange, 200, "application/json", json);
    } catch (IOException e) {
      send(exchange, 500, "text/plain", "A file of the run cannot be read: " + Failures.reason(e));
    }
  }

  private static void send(HttpExchange exchange, int status, String type, String content)
      throws IOException {
    byte[] bytes = content.getBytes(StandardCharsets.UTF_8);
    Map.of(
            "Content-Type", type + "; charset=utf-8",
            "Content-Security-Policy", Page.policy() + "; frame-ancestors 'none'",
            "X-Content-Type-Options", "nosniff",
            "Referrer-Policy", "no-referrer",
            "Cross-Origin-Resource-Policy", "same-origin",
            "Cache-Control", "no-cache")
        .forEach(exchange.getResponseHeaders()::set);
    boolean head = exchange.getRequestMethod().equals("HEAD");
    exchange.sendResponseHeaders(status, head ? -1 : bytes.length);
    if (!head) {
      exchange.getResponseBody().write(bytes);
    }
  }

  /** Serves no longer. */
  @Override
  public void close() {
    server.stop(0);
    executor.close();
  }
}
