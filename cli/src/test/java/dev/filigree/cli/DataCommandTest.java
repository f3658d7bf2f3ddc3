package dev.filigree.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DataCommandTest {
  @TempDir Path folder;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  private int run(String... args) {
    return Main.execute(new PrintWriter(out, true), new PrintWriter(err, true), args);
  }

  @Test
  void prepareWritesTokensThatVerifyFindsSound() throws Exception {
    Path texts = Files.createDirectory(folder.resolve("texts"));
    Files.writeString(texts.resolve("a.txt"), "first");
    Files.writeString(texts.resolve("b.txt"), "second");
    String target = folder.resolve("tokens").toString();

    assertThat(run("data", "prepare", texts.toString(), "--to", target, "--json")).isZero();
    assertThat(out.toString())
        .contains(
            "\"documents\" : 2", "\"tokens\" : 13", "\"bytes\" : 11", "\"prepared_documents\" : 2");
    assertThat(run("data", "prepare", texts.toString(), "--to", target)).isZero();
    assertThat(out.toString()).contains("2 documents, 13 tokens", "It was there already.");
    assertThat(run("data", "verify", target)).isZero();
    assertThat(out.toString()).contains("sound, 2 documents, 13 tokens");
  }

  @Test
  void whatCannotBePreparedIsOneLineAndFails() {
    assertThat(run("data", "prepare", folder.resolve("missing").toString(), "--to", "x"))
        .isEqualTo(1);
    assertThat(err.toString().strip()).endsWith("missing: no such file or folder").hasLineCount(1);
  }

  @Test
  void wrongUseIsTwo() {
    assertThat(run("data")).isEqualTo(2);
    assertThat(run("data", "prepare")).isEqualTo(2);
    assertThat(run("data", "prepare", "jdk", "--to", "x", "--threads", "0")).isEqualTo(2);
    assertThat(err.toString()).contains("--threads must be at least 1, found 0");
  }
}
