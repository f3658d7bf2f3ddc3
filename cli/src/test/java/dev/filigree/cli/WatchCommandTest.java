package dev.filigree.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WatchCommandTest {
  @TempDir Path folder;

  private void run(String name) throws IOException {
    Files.createDirectories(folder.resolve(name));
    Files.writeString(
        folder.resolve(name).resolve("metrics.jsonl"),
        "{\"event\":\"train\",\"step\":1,\"loss\":2.5}\n");
  }

  @Test
  void reportWritesThePageOfEveryRunOfAFolder() throws IOException {
    run("b");
    run("a");
    Files.createDirectories(folder.resolve("pictures"));
    Program program = Program.run("report", folder.toString());
    assertThat(program.exitCode()).as(program.err()).isZero();
    assertThat(program.out().lines())
        .containsExactly(
            folder.resolve("a/report.html").toString(), folder.resolve("b/report.html").toString());
    assertThat(Files.readString(folder.resolve("a/report.html"))).contains("\"loss\":[2.5]");
  }

  @Test
  void whatIsNoRunIsRefused() throws IOException {
    assertThat(Program.run("watch", folder.resolve("none").toString()).err())
        .contains("none: no such folder; give the --out of a run");
    Program none = Program.run("watch", folder.toString());
    assertThat(none.exitCode()).isEqualTo(2);
    assertThat(none.err()).contains("neither a run").hasLineCount(1);
    run("a");
    assertThat(Program.run("watch", folder.toString(), "--port", "70000").err())
        .contains("--port must be from 0 to 65535, found 70000");
  }
}
