package dev.filigree.zoo.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunMetricsTest {
  @TempDir Path directory;

  private RunMetrics read(String... lines) throws IOException {
    Path file = directory.resolve("metrics.jsonl");
    Files.writeString(file, String.join("\n", lines) + "\n");
    return read(file);
  }

  private static RunMetrics read(Path file) throws IOException {
    var tail = new MetricsTail(file);
    tail.refresh();
    return tail.metrics();
  }

  private static String train(long step, double loss) {
    return "{\"event\":\"train\",\"step\":%d,\"loss\":%s}".formatted(step, loss);
  }

  @Test
  void aMissingFileGivesNoRows() throws IOException {
    RunMetrics metrics = read(directory.resolve("none.jsonl"));
    assertThat(metrics.train()).isEmpty();
    assertThat(metrics.ended()).isFalse();
  }

  @Test
  void aLineCutByAKillIsCountedAndPassedOver() throws IOException {
    RunMetrics metrics = read(train(1, 5), train(2, 4), "{\"event\":\"train\",\"step\":3,\"lo");
    assertThat(metrics.train()).extracting(RunMetrics.Train::step).containsExactly(1L, 2L);
    assertThat(metrics.unreadable()).isEqualTo(1);
  }

  @Test
  void linesThatAreNoEventsAreCountedAndPassedOver() throws IOException {
    RunMetrics metrics =
        read("null", "[1]", "{}", "{\"event\":7}", "{\"event\":\"train\"}", train(1, 5));
    assertThat(metrics.train()).hasSize(1);
    assertThat(metrics.unreadable()).isEqualTo(5);
  }

  @Test
  void bytesThatAreNoUtf8DoNotStopTheReader() throws IOException {
    Path file = directory.resolve("metrics.jsonl");
    byte[] row = (train(1, 5) + "\n").getBytes(StandardCharsets.UTF_8);
    Files.write(file, new byte[] {(byte) 0xff, (byte) 0xfe, 0, '\n'});
    Files.write(file, row, java.nio.file.StandardOpenOption.APPEND);
    RunMetrics metrics = read(file);
    assertThat(metrics.train()).hasSize(1);
    assertThat(metrics.unreadable()).isEqualTo(1);
  }

  @Test
  void stepsDoneAgainAfterAResumeReplaceThoseOfBefore() throws IOException {
    RunMetrics metrics =
        read(
            train(1, 5),
            train(2, 4),
            SyntheticRun.updateRow(3, "a", 7, 7),
            train(3, 3),
            train(2, 4.5),
            train(3, 3.5));
    assertThat(metrics.train()).extracting(RunMetrics.Train::loss).containsExactly(5.0, 4.5, 3.5);
    assertThat(metrics.updates()).isEmpty();
  }

  @Test
  void aFileOfAnEarlierVersionHasTokensOfItsTrainingRowsAndNoWallTime() throws Exception {
    var golden = RunMetricsTest.class.getResource("/golden/checkpoint/metrics.jsonl");
    RunMetrics metrics = read(Path.of(Objects.requireNonNull(golden).toURI()));
    assertThat(metrics.unreadable()).isZero();
    assertThat(metrics.train()).hasSize(10);
    assertThat(metrics.train().getLast().at().positions()).isEqualTo(1280);
    assertThat(metrics.train().getLast().at().wallSeconds()).isNaN();
    assertThat(metrics.known(metrics.evals().getFirst().at()).positions()).isEqualTo(640);
    assertThat(metrics.starts()).isEmpty();
    assertThat(metrics.layers()).hasSize(14);
    var update = Objects.requireNonNull(metrics.updates().get(8L)).values().iterator().next();
    assertThat(update.explored()).isNaN();
    assertThat(metrics.known(update.at()).positions()).isEqualTo(1024);
  }

  @Test
  void validationSetsOfOneStepStayApart() throws IOException {
    RunMetrics metrics =
        read(
            "{\"event\":\"eval\",\"step\":1,\"dataset\":\"a\",\"loss\":3}",
            "{\"event\":\"eval\",\"step\":1,\"dataset\":\"b\",\"loss\":4}");
    assertThat(metrics.evals()).extracting(RunMetrics.Eval::loss).containsExactly(3.0, 4.0);
  }

  @Test
  void layersOfARunThatWasKilledComeFromTheirLastUpdate() throws IOException {
    RunMetrics metrics =
        read(SyntheticRun.updateRow(10, "a", 7, 7), SyntheticRun.updateRow(20, "a", 5, 5));
    assertThat(metrics.layers()).containsExactly(new RunMetrics.FinalSparsity("a", "", 0.8, 0.8));
  }
}
