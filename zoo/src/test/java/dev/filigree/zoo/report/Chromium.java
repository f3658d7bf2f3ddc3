package dev.filigree.zoo.report;

import com.fasterxml.jackson.databind.JsonNode;
import dev.filigree.io.Durable;
import dev.filigree.io.Json;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** A Chromium without a window that shows a page, steered by the DevTools protocol. */
final class Chromium implements AutoCloseable {
  private static final List<String> NAMES =
      List.of("chromium", "chromium-browser", "google-chrome", "google-chrome-stable");
  private static final long PATIENCE_SECONDS = 60;

  private final Process process;
  private final Path profile;
  private final HttpClient client = HttpClient.newHttpClient();
  private final WebSocket socket;
  private final BlockingQueue<JsonNode> answers = new LinkedBlockingQueue<>();
  private final List<String> complaints = new ArrayList<>();
  private int commands;

  /** The program, where the machine has one. */
  static Optional<Path> program() {
    return Stream.of(System.getenv("PATH").split(":"))
        .flatMap(folder -> NAMES.stream().map(name -> Path.of(folder, name)))
        .filter(Files::isExecutable)
        .findFirst();
  }

  Chromium(Path program) throws IOException, InterruptedException {
    profile = Files.createTempDirectory("chromium");
    var command =
        new ArrayList<>(
            List.of(
                program.toString(),
                "--headless",
                "--remote-debugging-port=0",
                "--user-data-dir=" + profile,
                "--hide-scrollbars",
                "--disable-gpu",
                "--no-first-run",
                "about:blank"));
    if (System.getProperty("user.name").equals("root")) {
      command.add(1, "--no-sandbox");
    }
    process = new ProcessBuilder(command).redirectErrorStream(true).start();
    socket = connect(port());
    call("Page.enable", Map.of());
    call("Runtime.enable", Map.of());
    call("Log.enable", Map.of());
  }

  private int port() throws IOException {
    var lines =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    Pattern listening = Pattern.compile("DevTools listening on ws://127.0.0.1:(\\d+)/.*");
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      Matcher matcher = listening.matcher(line);
      if (matcher.matches()) {
        Thread.ofVirtual().start(() -> lines.lines().forEach(_ -> {}));
        return Integer.parseInt(matcher.group(1));
      }
    }
    throw new IOException("Chromium did not start");
  }

  private WebSocket connect(int port) throws IOException, InterruptedException {
    var request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/json")).build();
    JsonNode targets = Json.read(client.send(request, HttpResponse.BodyHandlers.ofString()).body());
    String address = targets.get(0).path("webSocketDebuggerUrl").asText();
    return client.newWebSocketBuilder().buildAsync(URI.create(address), new Listener()).join();
  }

  private final class Listener implements WebSocket.Listener {
    private final StringBuilder text = new StringBuilder();

    @Override
    public CompletionStage<?> onText(WebSocket socket, CharSequence part, boolean last) {
      text.append(part);
      if (last) {
        try {
          take(Json.read(text.toString()));
        } catch (IOException e) {
          throw new IllegalStateException(e);
        }
        text.setLength(0);
      }
      return WebSocket.Listener.super.onText(socket, part, last);
    }

    private void take(JsonNode message) {
      JsonNode parameters = message.path("params");
      boolean wrong =
          switch (message.path("method").asText()) {
            case "Runtime.exceptionThrown", "Page.javascriptDialogOpening" -> true;
            case "Runtime.consoleAPICalled" -> parameters.path("type").asText().equals("error");
            case "Log.entryAdded" -> !parameters.toString().contains("favicon");
            default -> false;
          };
      if (wrong) {
        synchronized (complaints) {
          complaints.add(parameters.toString());
        }
      }
      if (message.has("id")) {
        answers.add(message);
      }
    }
  }

  private JsonNode call(String method, Map<String, ?> parameters) throws InterruptedException {
    int id = ++commands;
    socket
        .sendText(Json.row(Map.of("id", id, "method", method, "params", parameters)), true)
        .join();
    for (; ; ) {
      JsonNode answer = answers.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
      if (answer == null || answer.has("error")) {
        throw new IllegalStateException(method + ": " + answer);
      }
      if (answer.path("id").asInt() == id) {
        return answer.path("result");
      }
    }
  }

  /** Shows a page. */
  void open(String url, int width, int height, boolean dark) throws InterruptedException {
    call(
        "Emulation.setDeviceMetricsOverride",
        Map.of("width", width, "height", height, "deviceScaleFactor", 1, "mobile", width < 600));
    call(
        "Emulation.setEmulatedMedia",
        Map.of(
            "features",
            List.of(
                Map.of("name", "prefers-color-scheme", "value", dark ? "dark" : "light"),
                Map.of("name", "prefers-reduced-motion", "value", "reduce"))));
    call("Page.navigate", Map.of("url", url));
    await("document.readyState === 'complete'");
  }

  /** The value of an expression. */
  JsonNode evaluate(String expression) throws InterruptedException {
    JsonNode result =
        call(
            "Runtime.evaluate",
            Map.of("expression", expression, "returnByValue", true, "awaitPromise", true));
    if (result.has("exceptionDetails")) {
      throw new IllegalStateException(expression + ": " + result.path("exceptionDetails"));
    }
    return result.path("result").path("value");
  }

  /** Waits until an expression is true. */
  void await(String condition) throws InterruptedException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    while (!evaluate("Boolean(" + condition + ")").asBoolean()) {
      if (System.nanoTime() > end) {
        throw new AssertionError("never true: " + condition + "; " + complaints());
      }
      Thread.sleep(50);
    }
  }

  /** Moves the mouse, with the button down or up. */
  void mouse(String type, double x, double y) throws InterruptedException {
    boolean down = !type.equals("mouseMoved");
    call(
        "Input.dispatchMouseEvent",
        Map.of(
            "type",
            type,
            "x",
            x,
            "y",
            y,
            "button",
            down ? "left" : "none",
            "clickCount",
            down ? 1 : 0));
  }

  void screenshot(Path file) throws IOException, InterruptedException {
    JsonNode picture = call("Page.captureScreenshot", Map.of("format", "png"));
    Files.write(file, Base64.getDecoder().decode(picture.path("data").asText()));
  }

  /** Exceptions, errors of the console, refusals of the policy and dialogs since the start. */
  List<String> complaints() {
    synchronized (complaints) {
      return List.copyOf(complaints);
    }
  }

  @Override
  public void close() throws IOException {
    socket.abort();
    client.close();
    process.descendants().forEach(ProcessHandle::destroy);
    process.destroy();
    process.onExit().join();
    Durable.deleteTree(profile);
  }
}
