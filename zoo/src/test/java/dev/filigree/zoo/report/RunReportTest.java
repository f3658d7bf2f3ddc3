package dev.filigree.zoo.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunReportTest {
  @TempDir Path directory;

  @Test
  void showsFiguresChartsMasksSampleAndConfiguration() throws IOException {
    SyntheticRun.write(directory, 200, 1);
    String parameter = SyntheticRun.PARAMETERS.getFirst();
    SyntheticMasks.save(directory, parameter, 300, 70, 200, 1);

    String html = Files.readString(RunReport.write(directory));

    assertThat(html)
        .contains("2.2514", "0.913", "79.98 %", "20.3 k", "1.76 GiB")
        .contains("<h2>Loss</h2>", "<h2>Learning rate</h2>", "<h2>Tokens a second</h2>")
        .contains("<h2>Mask updates</h2>", "<h2>Sparsity of each layer</h2>", "<h2>Masks</h2>")
        .contains("List&lt;T&gt; of(T... items)")
        .contains("trainer:");
    assertThat(pictures())
        .contains(
            "loss.svg",
            "learning-rate.svg",
            "speed.svg",
            "mask-updates.svg",
            "mask-" + parameter + "-first.png",
            "mask-" + parameter + "-last.png",
            "mask-" + parameter + "-changed.png",
            "mask-" + parameter + "-detail.png");
  }

  @Test
  void needsNoOtherFile() throws IOException {
    SyntheticRun.write(directory, 100, 2);
    SyntheticMasks.save(directory, SyntheticRun.PARAMETERS.getFirst(), 20, 30, 100, 2);
    String html = Files.readString(RunReport.write(directory));
    assertThat(html.replace("http://www.w3.org/2000/svg", ""))
        .doesNotContain("http:", "https:", "href=", "@import", "url(");
    assertThat(html.split("src=\"", -1)).hasSizeGreaterThan(1);
    assertThat(html.replace("src=\"data:image/png;base64,", "")).doesNotContain("src=");
  }

  @Test
  void isWrittenForAnEmptyDirectory() throws IOException {
    String html = Files.readString(RunReport.write(directory));
    assertThat(html).contains("has not ended").doesNotContain("<svg", "NaN");
  }

  @Test
  void ofAKilledRunShowsWhatThereIs() throws IOException {
    Files.writeString(
        directory.resolve("metrics.jsonl"),
        SyntheticRun.trainRow(1, 5.5, 0, 10)
            + "\n"
            + SyntheticRun.trainRow(2, 5.25, 0, 10)
            + "\n{\"event\":\"tr");
    String html = Files.readString(RunReport.write(directory));
    assertThat(html).contains("has not ended", "could not be read: 1", "5.2500", "<svg");
  }

  @Test
  void textOfTheRunCannotBecomeMarkup() throws IOException {
    String evil = "<script>alert('&')</script>";
    Files.writeString(directory.resolve("config.yaml"), evil);
    Files.writeString(directory.resolve("sample.txt"), evil);
    Files.writeString(
        directory.resolve("metrics.jsonl"), SyntheticRun.updateRow(1, evil.replace("/", ""), 1, 1));
    assertThat(Files.readString(RunReport.write(directory)))
        .doesNotContain("<script>alert")
        .contains("&lt;script&gt;alert(&#39;&amp;&#39;)&lt;/script&gt;");
  }

  @Test
  void aPlaceholderInTheRunsTextStaysText() throws IOException {
    Files.writeString(directory.resolve("sample.txt"), "{{body}} $1 \\");
    assertThat(Files.readString(RunReport.write(directory))).contains("<pre>{{body}} $1 \\</pre>");
  }

  private List<String> pictures() throws IOException {
    try (var files = Files.list(directory.resolve("pictures"))) {
      return files.map(file -> file.getFileName().toString()).toList();
    }
  }
}
