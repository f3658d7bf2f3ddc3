package dev.filigree.zoo.report;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.filigree.zoo.report.CompareReport.Method;
import dev.filigree.zoo.report.CompareReport.Statistic;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CompareReportTest {
  @TempDir Path directory;

  @Test
  void statisticsAreMeanAndSampleStandardDeviation() {
    Statistic statistic = Statistic.of(List.of(1.0, 2.0, 3.0));
    assertThat(statistic.mean()).isEqualTo(2);
    assertThat(statistic.deviation()).isEqualTo(1);
    assertThat(Statistic.of(List.of(5.0))).isEqualTo(new Statistic(5, 0));
  }

  @Test
  void methodsStandSideBySide() throws IOException {
    List<Path> runs = List.of(directory.resolve("rigl-seed0"), directory.resolve("rigl-seed1"));
    for (Path run : runs) {
      SyntheticRun.write(Files.createDirectories(run), 40, 3);
    }
    var loss = new Statistic(2.25, 0.01);
    var speed = new Statistic(20_000, 300);
    Path html =
        CompareReport.write(
            directory,
            List.of(
                new Method("dense", runs.subList(0, 1), loss, speed, 0),
                new Method("rigl", runs, loss, speed, 0.8)));
    JsonNode data = Pages.data(Files.readString(html));
    assertThat(data.path("groups").findValuesAsText("name")).containsExactly("dense", "rigl");
    assertThat(data.path("groups").get(1).path("runs").toString()).isEqualTo("[1,2]");
    assertThat(data.path("runs")).hasSize(3);
  }
}
