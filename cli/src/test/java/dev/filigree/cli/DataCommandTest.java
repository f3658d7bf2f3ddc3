package dev.filigree.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class DataCommandTest {
  @TempDir Path folder;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  private int run(String... args) {
    return new CommandLine(new DataCommand())
        .setOut(new PrintWriter(out, true))
        .setErr(new PrintWriter(err, true))
        .setExecutionExceptionHandler(
            (e, command, parsed) -> {
              command.getErr().println(e.getMessage());
              return 1;
            })
        .execute(args);
  }

  @Test
  void prepareWritesTokensThatVerifyFindsSound() throws Exception {
    Path texts = Files.createDirectory(folder.resolve("texts"));
    Files.writeString(texts.resolve("a.txt"), "first");
    Files.writeString(texts.resolve("b.txt"), "second");
    String target = folder.resolve("tokens").toString();

    assertThat(run("prepare", texts.toString(), "--to", target, "--json")).isZero();
    assertThat(out.toString())
        .contains("\"documents\":2", "\"tokens\":13", "\"bytes\":11", "\"prepared_documents\":2");
    assertThat(run("prepare", texts.toString(), "--to", target)).isZero();
    assertThat(out.toString()).contains("2 documents, 13 tokens", "It was there already.");
    assertThat(run("verify", target)).isZero();
    assertThat(out.toString()).contains("sound, 2 documents, 13 tokens");
  }

  @Test
  void whatCannotBePreparedIsOneLineAndFails() {
    assertThat(run("prepare", folder.resolve("missing").toString(), "--to", "x")).isEqualTo(1);
    assertThat(err.toString().strip()).endsWith("missing: no such file or folder").hasLineCount(1);
  }

  @Test
  void wrongUseIsTwo() {
    assertThat(run()).isEqualTo(2);
    assertThat(run("prepare")).isEqualTo(2);
    assertThat(run("prepare", "jdk", "--to", "x", "--threads", "0")).isEqualTo(2);
    assertThat(err.toString()).contains("--threads must be at least 1, found 0");
  }
}
