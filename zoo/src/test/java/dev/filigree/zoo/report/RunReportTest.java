package dev.filigree.zoo.report;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunReportTest {
  @TempDir Path directory;

  private JsonNode run() throws IOException {
    return Pages.data(Files.readString(RunReport.write(directory))).path("runs").get(0);
  }

  @Test
  void holdsColumnsLayersMasksSampleAndConfiguration() throws IOException {
    SyntheticRun.write(directory, 200, 1);
    String parameter = SyntheticRun.PARAMETERS.getFirst();
    SyntheticMasks.save(directory, parameter, 300, 70, 200, 1);
    Files.writeString(directory.resolve("notes.txt"), "A note.\n");
    Files.writeString(directory.resolve("tags.txt"), "rigl\n\n small \n");

    JsonNode run = run();

    assertThat(run.path("train").path("step")).hasSize(200);
    assertThat(run.path("train").path("loss").get(199).asDouble()).isBetween(1.5, 3.0);
    assertThat(run.path("train").path("positions").get(1).asLong()).isEqualTo(8192);
    assertThat(run.path("evals").path("").path("positions").get(0).asLong()).isEqualTo(40960);
    assertThat(run.path("updates").path("grown").get(0).asLong()).isEqualTo(3 * 4770);
    assertThat(run.path("layers").findValuesAsText("parameter"))
        .containsExactlyElementsOf(SyntheticRun.PARAMETERS);
    assertThat(run.path("layers").get(2).path("counted").asDouble()).isEqualTo(0.76);
    assertThat(run.path("layers").get(0).path("shape").asText()).isEqualTo("256 × 512");
    assertThat(run.path("end").path("eval_loss").asDouble()).isEqualTo(2.2514);
    assertThat(run.path("settings").path("seed").asText()).isEqualTo("1");
    assertThat(run.path("sample").asText()).contains("List<T> of(T... items)");
    assertThat(run.path("notes").asText()).isEqualTo("A note.");
    assertThat(run.path("tags").toString()).isEqualTo("[\"rigl\",\"small\"]");
    JsonNode pictures = run.path("masks").get(0).path("pictures");
    assertThat(pictures).hasSize(4);
    byte[] png = Base64.getDecoder().decode(pictures.get(0).path("png").asText());
    assertThat(new String(png, 1, 3, StandardCharsets.US_ASCII)).isEqualTo("PNG");
  }

  @Test
  void needsNoOtherFileAndRunsOnlyItsOwnScript() throws Exception {
    SyntheticRun.write(directory, 100, 2);
    SyntheticMasks.save(directory, SyntheticRun.PARAMETERS.getFirst(), 20, 30, 100, 2);
    String html = Files.readString(RunReport.write(directory));
    assertThat(html).doesNotContain(" src=", "<link", "@import", "url(");
    String policy = group(html, "Content-Security-Policy\" content=\"([^\"]*)\"");
    assertThat(policy)
        .startsWith("default-src &#39;none&#39;")
        .doesNotContain("unsafe", "http", "*")
        .contains(digest(group(html, "<style>(.*?)</style>")))
        .contains(digest(group(html, "</script>\\s*<script>(.*?)</script>")));
  }

  private static String group(String html, String pattern) {
    Matcher matcher = Pattern.compile(pattern, Pattern.DOTALL).matcher(html);
    assertThat(matcher.find()).as(pattern).isTrue();
    return matcher.group(1);
  }

  private static String digest(String text) throws Exception {
    byte[] hash =
        MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
    return "sha256-" + Base64.getEncoder().encodeToString(hash);
  }

  @Test
  void isWrittenForAnEmptyDirectory() throws IOException {
    assertThat(run().path("train").path("step")).isEmpty();
    assertThat(run().path("state").asText()).isEqualTo("stopped");
  }

  @Test
  void ofAKilledRunHoldsWhatThereIs() throws IOException {
    Files.writeString(
        directory.resolve("metrics.jsonl"),
        SyntheticRun.trainRow(1, 5.5, 0, 10)
            + "\n"
            + SyntheticRun.trainRow(2, 5.25, 0, 10)
            + "\nnothing\n{\"event\":\"tr");
    JsonNode run = run();
    assertThat(run.path("train").path("loss").toString()).isEqualTo("[5.5,5.25]");
    assertThat(run.path("train").path("seconds").toString()).isEqualTo("[null,null]");
    assertThat(run.path("remarks").toString()).contains("could not be read: 1.");
  }

  @Test
  void aLongRunIsThinnedToMeans() throws IOException {
    var rows = new StringBuilder();
    for (int step = 1; step <= 2 * RunColumns.MOST; step++) {
      rows.append(SyntheticRun.trainRow(step, step, 0, 10)).append('\n');
    }
    Files.writeString(directory.resolve("metrics.jsonl"), rows);
    JsonNode run = run();
    assertThat(run.path("rows_per_value").asInt()).isEqualTo(2);
    assertThat(run.path("train").path("step")).hasSize(RunColumns.MOST);
    assertThat(run.path("train").path("step").get(0).asInt()).isEqualTo(2);
    assertThat(run.path("train").path("loss").get(0).asDouble()).isEqualTo(1.5);
  }

  @Test
  void textOfTheRunCannotBecomeMarkup() throws IOException {
    String evil = "</script><script>alert('&')</script><!-- <img src=x onerror=alert(1)>";
    for (String name : RunFiles.ALL) {
      Files.writeString(directory.resolve(name), evil);
    }
    Files.writeString(
        directory.resolve("metrics.jsonl"), SyntheticRun.updateRow(1, evil, 1, 1) + "\n");
    String html = Files.readString(RunReport.write(directory));
    assertThat(html).doesNotContain("<script>alert", "<img", "<!-- ");
    assertThat(html.split("</script>", -1)).hasSize(3);
    JsonNode run = Pages.data(html).path("runs").get(0);
    assertThat(run.path("sample").asText()).isEqualTo(evil);
    assertThat(run.path("layers").get(0).path("parameter").asText()).isEqualTo(evil);
  }

  @Test
  void aPlaceholderInTheRunsTextStaysText() throws IOException {
    Files.writeString(directory.resolve("sample.txt"), "{{script}} $1 \\");
    assertThat(run().path("sample").asText()).isEqualTo("{{script}} $1 \\");
  }

  @Test
  void aLinkOutOfTheFolderIsNotFollowed() throws IOException {
    Path secret = Files.writeString(directory.resolve("secret"), "a: secret");
    Path run = Files.createDirectory(directory.resolve("run"));
    for (String name : RunFiles.ALL) {
      Files.createSymbolicLink(run.resolve(name), secret);
    }
    assertThat(Files.readString(RunReport.write(run))).doesNotContain("a: secret", "\"secret\"");
  }

  @Test
  void longTextsAreCutAndSaid() throws IOException {
    Files.writeString(directory.resolve("notes.txt"), "a".repeat(300_000));
    assertThat(run().path("notes").asText()).hasSizeLessThan(270_000).endsWith("cut at 256 KiB");
  }
}
