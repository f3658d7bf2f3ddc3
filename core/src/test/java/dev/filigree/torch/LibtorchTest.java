package dev.filigree.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;

/** What a program without the launcher gets, in JVMs of their own. */
class LibtorchTest {
  /** Prepares first, as a program should. */
  static final class Early {
    public static void main(String[] args) {
      Libtorch.prepare();
      System.out.println("core " + OpenBlas.coreName().orElseThrow());
      System.out.println("policy " + Libtorch.variable("OMP_WAIT_POLICY").orElseThrow());
      System.out.println("limit " + System.getProperty("org.bytedeco.javacpp.maxbytes"));
    }
  }

  /** Loads libtorch before anything of Filigree. */
  static final class Late {
    public static void main(String[] args) {
      torch.manual_seed(1);
      Libtorch.prepare();
      Libtorch.prepare();
    }
  }

  private static String run(Class<?> program, Map<String, String> environment)
      throws IOException, InterruptedException {
    var builder =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                program.getName())
            .redirectErrorStream(true);
    List.of(
            "OMP_WAIT_POLICY",
            "OPENBLAS_THREAD_TIMEOUT",
            "OPENBLAS_CORETYPE",
            "CUBLAS_WORKSPACE_CONFIG")
        .forEach(builder.environment()::remove);
    builder.environment().putAll(environment);
    Process process = builder.start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(output).isZero();
    return output;
  }

  @Test
  void aProgramThatPreparesFirstHasTheSettings() throws Exception {
    String output = run(Early.class, Map.of());
    assertThat(output).contains("policy PASSIVE", "limit 0").doesNotContain("slower");
    Path processors = Path.of("/proc/cpuinfo");
    assumeThat(Files.exists(processors) && Files.readString(processors).contains(" avx512f "))
        .isTrue();
    assertThat(output).contains("core SkylakeX");
  }

  @Test
  void whatTheEnvironmentSaysStays() throws Exception {
    assertThat(run(Early.class, Map.of("OMP_WAIT_POLICY", "ACTIVE"))).contains("policy ACTIVE");
  }

  @Test
  void aProgramThatPreparesTooLateIsToldOnceHowToMendIt() throws Exception {
    String output = run(Late.class, Map.of());
    assertThat(output)
        .containsOnlyOnce("call Libtorch.prepare() before any other use of libtorch")
        .contains("OMP_WAIT_POLICY=PASSIVE OPENBLAS_THREAD_TIMEOUT=4");
  }
}
