package dev.filigree.zoo.report;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.filigree.zoo.report.CompareReport.Method;
import dev.filigree.zoo.report.CompareReport.Run;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CompareReportTest {
  @TempDir Path directory;

  @Test
  void methodsStandSideBySide() throws IOException {
    List<Path> runs = List.of(directory.resolve("rigl-seed0"), directory.resolve("rigl-seed1"));
    for (Path run : runs) {
      SyntheticRun.write(Files.createDirectories(run), 40, 3);
    }
    var summary =
        new MethodSummary(
            2,
            0,
            Map.of(MethodSummary.LOSS, Estimate.of(List.of(2.0, 3.0))),
            Map.of(
                MethodSummary.TO_STATIC,
                Optional.of(
                    PairedDifference.of(
                        "static", Map.of(0L, 2.0, 1L, 3.0), Map.of(0L, 2.5, 1L, 3.6)))));
    List<Run> reported =
        runs.stream().map(run -> new Run("rigl, " + run.getFileName(), run)).toList();
    Path html =
        CompareReport.write(
            directory,
            List.of("Equal tokens."),
            List.of(
                new Method("dense", reported.subList(0, 1), summary),
                new Method("rigl", reported, summary)));
    JsonNode data = Pages.data(Files.readString(html));
    assertThat(data.path("groups").findValuesAsText("name")).containsExactly("dense", "rigl");
    assertThat(data.path("groups").get(1).path("runs").toString()).isEqualTo("[1,2]");
    assertThat(data.path("runs")).hasSize(3);
    assertThat(data.path("equal").toString()).isEqualTo("[\"Equal tokens.\"]");
    JsonNode of = data.path("groups").get(1).path("summary");
    assertThat(of.path("validation_loss").toString())
        .isEqualTo("{\"count\":2,\"mean\":2.5,\"standard_error\":0.5}");
    assertThat(of.path("difference_to_static").path("mean").asDouble()).isEqualTo(-0.55);
    JsonNode run = data.path("runs").get(2);
    assertThat(run.path("link").asText()).isEqualTo("rigl-seed1/report.html");
    assertThat(run.path("train").path("step").get(39).asLong()).isEqualTo(40);
    assertThat(run.path("train").path("flops").get(39).asDouble())
        .isEqualTo(40 * SyntheticRun.FLOPS);
    assertThat(run.path("layers").get(0).path("flops").get(0).asDouble())
        .isEqualTo(2 * SyntheticRun.FLOPS);
  }
}
