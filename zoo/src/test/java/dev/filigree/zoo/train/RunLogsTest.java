package dev.filigree.zoo.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.offset;

import dev.filigree.io.Durable;
import dev.filigree.zoo.train.log.EventFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunLogsTest {
  private static final String LOGGERS = "logging={log_steps: 1, csv: true, tensorboard: true}";

  @TempDir private Path folder;

  private Path stoppedAndResumed(TinyRun tiny) throws IOException {
    Path run = folder.resolve("stopped");
    tiny.train(run, LOGGERS, "checkpoint.steps=3", "loop.stop_at=8");
    // As if it had been killed: the last checkpoint is gone, half a line is left.
    Durable.deleteTree(run.resolve("checkpoints/step-000008"));
    Files.writeString(run.resolve("metrics.csv"), "train,9,,115", StandardOpenOption.APPEND);
    TinyRun.resume(run, "loop.stop_at=12");
    return run;
  }

  @Test
  void aResumedRunsCsvIsThatOfARunThatStoppedNowhere() throws IOException {
    var tiny = new TinyRun(folder);
    Path whole = folder.resolve("whole");
    tiny.train(whole, LOGGERS);
    List<String> rows = withoutTimes(whole);
    assertThat(rows).hasSize(1 + 12 + 2);
    assertThat(rows.getFirst())
        .isEqualTo("event,step,dataset,tokens,loss,perplexity,bits_per_byte,lr,grad_norm,sparsity");
    assertThat(rows.get(7)).startsWith("eval,6,,");
    assertThat(withoutTimes(stoppedAndResumed(tiny))).isEqualTo(rows);
  }

  private static List<String> withoutTimes(Path run) throws IOException {
    return Files.readAllLines(run.resolve("metrics.csv")).stream()
        .map(row -> String.join(",", Arrays.copyOf(row.split(",", -1), 10)))
        .toList();
  }

  @Test
  void tensorBoardGetsWhatMetricsHave() throws IOException {
    Path run = folder.resolve("run");
    new TinyRun(folder).train(run, LOGGERS, "loop.max_steps=6");
    List<Path> files = EventFiles.of(run);
    assertThat(files).hasSize(1);
    assertThat(files.getFirst().getFileName().toString()).startsWith("events.out.tfevents.");
    List<String> events = EventFiles.read(files.getFirst());
    assertThat(events.getFirst()).isEqualTo("0 version");
    assertThat(events).hasSize(1 + 6 * 5 + 3);
    Map<String, Object> last = TinyRun.rows(run, "train").getLast();
    assertThat(events).contains("6 train/loss " + (float) TinyRun.number(last, "loss"));
    assertThat(events).contains("6 train/sparsity 0.75");
    Map<String, Object> evaluation = TinyRun.rows(run, "eval").getLast();
    assertThat(events)
        .contains("6 val/loss " + (float) TinyRun.number(evaluation, "loss"))
        .contains("6 val/bits_per_byte " + (float) TinyRun.number(evaluation, "bits_per_byte"));
    // Bytes are the tokens, but for the ends of the documents.
    assertThat(TinyRun.number(evaluation, "bits_per_byte"))
        .isCloseTo(TinyRun.number(evaluation, "loss") / Math.log(2), offset(0.01));
  }

  @Test
  void aResumedRunAddsAnEventFileThatReplacesLaterSteps() throws IOException {
    Path run = stoppedAndResumed(new TinyRun(folder));
    List<Path> files = EventFiles.of(run);
    assertThat(files).hasSize(2);
    assertThat(EventFiles.read(files.getFirst())).anyMatch(event -> event.startsWith("8 train/"));
    List<String> second = EventFiles.read(files.getLast());
    assertThat(second.subList(0, 2)).containsExactly("0 version", "7 start");
    assertThat(second).anyMatch(event -> event.startsWith("7 train/loss"));
    assertThat(second).anyMatch(event -> event.startsWith("12 val/loss"));
  }

  @Test
  void withoutLoggersThereIsMetricsJsonlAlone() throws IOException {
    Path run = folder.resolve("run");
    new TinyRun(folder).train(run, "loop.max_steps=1");
    assertThat(run.resolve("metrics.jsonl")).exists();
    assertThat(run.resolve("metrics.csv")).doesNotExist();
    assertThat(run.resolve("events")).doesNotExist();
  }
}
