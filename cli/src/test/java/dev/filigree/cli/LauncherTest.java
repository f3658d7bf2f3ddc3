package dev.filigree.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The launcher's search for a JDK, among directories that only look like JDKs. */
@DisabledOnOs(OS.WINDOWS)
class LauncherTest {
  private static final Path LAUNCHER = Path.of("..", "filigree").toAbsolutePath().normalize();

  @TempDir Path directory;

  private Path jdk(String name, String version, boolean compiler) throws IOException {
    Path jdk = Files.createDirectories(directory.resolve(name));
    Files.createDirectories(jdk.resolve("bin"));
    executable(jdk.resolve("bin/java"));
    if (compiler) {
      executable(jdk.resolve("bin/javac"));
    }
    Files.writeString(
        jdk.resolve("release"), "IMPLEMENTOR=\"x\"\nJAVA_VERSION=\"" + version + "\"\n");
    return jdk;
  }

  private static void executable(Path file) throws IOException {
    Files.writeString(file, "#!/bin/sh\n");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  /** Sources the launcher and runs its search with only the given roots to look in. */
  private String find(Map<String, String> environment, Path... roots)
      throws IOException, InterruptedException {
    var script = new StringBuilder("source \"$1\"; jvm_roots=(");
    for (Path root : roots) {
      script.append('"').append(root).append("\" ");
    }
    script.append("); find_jdk || echo none");
    return bash(environment, script.toString());
  }

  private static String bash(Map<String, String> environment, String script)
      throws IOException, InterruptedException {
    var builder =
        new ProcessBuilder("/bin/bash", "-c", script, "test", LAUNCHER.toString())
            .redirectErrorStream(true);
    builder.environment().clear();
    // Only what the launcher itself needs; the machine's own JDK lies beside it, so no java.
    builder.environment().put("PATH", "/usr/bin:/bin");
    builder.environment().putAll(environment);
    Process process = builder.start();
    String output =
        new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
    process.waitFor();
    return output;
  }

  @Test
  void javaHomeComesFirst() throws Exception {
    Path home = jdk("home", "26", true);
    jdk("jvm/jdk-25", "25.0.1", true);
    assertThat(find(Map.of("JAVA_HOME", home.toString()), directory.resolve("jvm")))
        .isEqualTo(home.toString());
  }

  @Test
  void anOldJavaHomeIsPassedOver() throws Exception {
    Path home = jdk("home", "17.0.9", true);
    Path good = jdk("jvm/jdk-25", "25.0.1", true);
    assertThat(find(Map.of("JAVA_HOME", home.toString()), directory.resolve("jvm")))
        .isEqualTo(good.toString());
  }

  @Test
  void theJavaOnThePathIsFoundBehindASymlink() throws Exception {
    Path jdk = jdk("elsewhere/jdk-25", "25", true);
    Path bin = Files.createDirectories(directory.resolve("bin"));
    Files.createSymbolicLink(bin.resolve("java"), jdk.resolve("bin/java"));
    assertThat(find(Map.of("PATH", bin + ":/usr/bin:/bin"))).isEqualTo(jdk.toString());
  }

  @Test
  void oldVersionsRuntimesWithoutCompilerAndOtherFoldersAreNoJdk() throws Exception {
    Path jvm = directory.resolve("jvm");
    jdk("jvm/a-8", "1.8.0_402", true);
    jdk("jvm/b-24", "24.0.2", true);
    jdk("jvm/c-jre", "25", false);
    Files.createDirectories(jvm.resolve("d-empty"));
    assertThat(find(Map.of(), jvm, directory.resolve("missing"))).isEqualTo("none");
    Path good = jdk("jvm/e with space", "25.0.3", true);
    assertThat(find(Map.of(), jvm)).isEqualTo(good.toString());
  }

  @Test
  void theFoldersOfMacOsAndHomebrewAreKnown() throws Exception {
    Path mac = jdk("mac/temurin-25.jdk/Contents/Home", "25", true);
    assertThat(find(Map.of(), directory.resolve("mac"))).isEqualTo(mac.toString());
    Path brew = jdk("brew/openjdk@25/libexec/openjdk.jdk/Contents/Home", "25", true);
    assertThat(find(Map.of(), directory.resolve("brew"))).isEqualTo(brew.toString());
  }

  @Test
  void withoutAJdkOneLineSaysWhereToGetOne() throws Exception {
    String output = bash(Map.of(), "source \"$1\"; jvm_roots=(); main doctor; echo not reached");
    assertThat(output.lines().toList())
        .isEqualTo(
            List.of(
                "error: Filigree needs a JDK 25 or newer and found none: get one at"
                    + " https://adoptium.net, or set JAVA_HOME"));
  }

  @Test
  void inADistributionARuntimeIsEnoughAndNothingIsBuilt() throws Exception {
    Path home = Files.createDirectories(directory.resolve("filigree-1"));
    Path launcher = Files.copy(LAUNCHER, home.resolve("filigree"));
    Path lib = Files.createDirectories(home.resolve("lib"));
    Path runtime = jdk("runtime", "25", false);
    Files.writeString(runtime.resolve("bin/java"), "#!/bin/sh\necho \"$@\"\n");
    String output =
        bash(Map.of("JAVA_HOME", runtime.toString()), "'" + launcher + "' doctor --verbose");
    assertThat(output)
        .endsWith("-cp " + lib.toRealPath() + "/* dev.filigree.cli.Main doctor --verbose");
  }

  @Test
  void theHeapIsAQuarterOfTheMemoryWithinBounds() throws Exception {
    String heap = bash(Map.of(), "source \"$1\"; heap_megabytes");
    assertThat(Integer.parseInt(heap)).isBetween(1024, 8192);
  }
}
