package dev.filigree.zoo.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.filigree.io.Json;
import java.io.IOException;
import java.net.BindException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WatchServerTest {
  @TempDir Path folder;

  private final HttpClient client = HttpClient.newHttpClient();

  private Path run(String name) throws IOException {
    Path run = Files.createDirectories(folder.resolve(name));
    SyntheticRun.write(run, 40, 3);
    return run;
  }

  private HttpResponse<String> get(WatchServer server, String path, String... headers)
      throws IOException, InterruptedException {
    var request = HttpRequest.newBuilder(URI.create(server.url() + path));
    if (headers.length > 0) {
      request.headers(headers);
    }
    return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
  }

  /** What the server answers to a request written by hand. */
  private static String raw(WatchServer server, String request) throws IOException {
    try (var socket = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
      socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  @Test
  void servesThePageAndTheRunsThatItWasGiven() throws Exception {
    try (var server = new WatchServer(List.of(run("a"), run("b")), 0)) {
      HttpResponse<String> page = get(server, "");
      assertThat(page.statusCode()).isEqualTo(200);
      assertThat(Pages.data(page.body()).path("live").toString()).isEqualTo("[\"a\",\"b\"]");
      assertThat(page.headers().firstValue("Content-Security-Policy").orElseThrow())
          .contains("default-src 'none'", "frame-ancestors 'none'")
          .doesNotContain("unsafe");
      JsonNode second = Json.read(get(server, "run/1").body());
      assertThat(second.path("name").asText()).isEqualTo("b");
      assertThat(second.path("train").path("step")).hasSize(40);
      for (String other : List.of("run/2", "run/", "run/0/", "config.yaml", "run/../a", "run/x")) {
        assertThat(get(server, other).statusCode()).as(other).isEqualTo(404);
      }
    }
  }

  @Test
  void onlyWhatChangedIsSentAgain() throws Exception {
    Path run = run("a");
    try (var server = new WatchServer(List.of(run), 0)) {
      String tag = get(server, "run/0").headers().firstValue("ETag").orElseThrow();
      assertThat(get(server, "run/0", "If-None-Match", tag).statusCode()).isEqualTo(304);
      Files.writeString(run.resolve("notes.txt"), "new");
      assertThat(get(server, "run/0", "If-None-Match", tag).statusCode()).isEqualTo(200);
    }
  }

  @Test
  void aRunThatGoesOnIsFollowedAndAResumedOneReadAnew() throws Exception {
    Path run = Files.createDirectories(folder.resolve("a"));
    Path metrics = run.resolve("metrics.jsonl");
    try (var server = new WatchServer(List.of(run), 0)) {
      assertThat(steps(server)).isEmpty();
      Files.writeString(metrics, SyntheticRun.trainRow(1, 5, 0, 9) + "\n{\"event\":");
      assertThat(steps(server)).containsExactly(1);
      String rest = SyntheticRun.trainRow(2, 4, 0, 9).substring("{\"event\":".length()) + "\n";
      Files.writeString(metrics, rest, StandardOpenOption.APPEND);
      assertThat(steps(server)).containsExactly(1, 2);
      JsonNode run0 = Json.read(get(server, "run/0").body());
      assertThat(run0.path("state").asText()).isEqualTo("running");
      assertThat(run0.path("remarks")).isEmpty();
      dev.filigree.io.Durable.replace(metrics, SyntheticRun.trainRow(1, 5, 0, 9) + "\n");
      assertThat(steps(server)).containsExactly(1);
    }
  }

  private List<Integer> steps(WatchServer server) throws Exception {
    return Json.read(get(server, "run/0").body())
        .path("train")
        .path("step")
        .valueStream()
        .map(JsonNode::asInt)
        .toList();
  }

  @Test
  void aRunThatIsSilentForLongHasStopped() throws Exception {
    Path run = Files.createDirectories(folder.resolve("a"));
    Files.writeString(run.resolve("metrics.jsonl"), SyntheticRun.trainRow(1, 5, 0, 9) + "\n");
    Clock later = Clock.offset(Clock.systemUTC(), Duration.ofMinutes(2));
    try (var server = new WatchServer(List.of(run), 0, later)) {
      assertThat(Json.read(get(server, "run/0").body()).path("state").asText())
          .isEqualTo("stopped");
    }
  }

  @Test
  void aPageOfAnotherSiteCannotReadThroughAnotherNameOfThisHost() throws Exception {
    try (var server = new WatchServer(List.of(run("a")), 0)) {
      for (String host : List.of("evil.example:" + server.port(), "localhost", "localhost:1")) {
        assertThat(raw(server, "GET /run/0 HTTP/1.0\r\nHost: " + host + "\r\n\r\n"))
            .as(host)
            .contains(" 403 ")
            .doesNotContain("\"train\"");
      }
      assertThat(raw(server, "GET /run/0 HTTP/1.0\r\n\r\n")).contains(" 403 ");
      String ours = "Host: 127.0.0.1:" + server.port() + "\r\n\r\n";
      assertThat(raw(server, "GET /run/0 HTTP/1.0\r\n" + ours)).contains(" 200 ");
      assertThat(raw(server, "POST / HTTP/1.0\r\n" + ours)).contains(" 405 ");
      assertThat(raw(server, "GET /../../etc/passwd HTTP/1.0\r\n" + ours)).contains(" 404 ");
    }
  }

  @Test
  void otherMachinesAreNotServed() throws Exception {
    try (var server = new WatchServer(List.of(run("a")), 0)) {
      for (NetworkInterface network : NetworkInterface.networkInterfaces().toList()) {
        for (var address : network.inetAddresses().toList()) {
          if (address instanceof Inet4Address && !address.isLoopbackAddress()) {
            try (var socket = new Socket()) {
              var outside = new InetSocketAddress(address, server.port());
              assertThatThrownBy(() -> socket.connect(outside, 500))
                  .isInstanceOf(IOException.class);
            }
          }
        }
      }
      assertThat(get(server, "").statusCode()).isEqualTo(200);
    }
  }

  @Test
  void aPortInUseIsSaid() throws Exception {
    List<Path> runs = List.of(run("a"));
    try (var server = new WatchServer(runs, 0)) {
      assertThatThrownBy(() -> new WatchServer(runs, server.port()))
          .isInstanceOf(BindException.class);
    }
  }
}
