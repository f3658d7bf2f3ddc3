package dev.filigree.reliability;

import static org.assertj.core.api.Assertions.assertThat;

import dev.filigree.cuda.CudaDevice;
import dev.filigree.kernels.SparseKernels;
import dev.filigree.nn.Linear;
import dev.filigree.sparsity.Sparsity;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The starter, copied out of the repository, builds, tests itself, and runs: with what was built
 * here in a local repository of its own, and everything else from the usual one.
 */
@Tag("reliability")
class StarterTest {
  private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
  private static final String VERSION = "0.1.0-SNAPSHOT";
  private static final Map<String, Class<?>> JARS =
      Map.of(
          "kernels", SparseKernels.class,
          "cuda", CudaDevice.class,
          "core", Linear.class,
          "sparsity", Sparsity.class);

  @Test
  void copiedIntoAnEmptyFolderItBuildsAndGoesOnWhereItEnded(@TempDir Path folder) throws Exception {
    Path repository = folder.resolve("repository");
    publish(ROOT.resolve("pom.xml"), repository, "filigree", null);
    publish(ROOT.resolve("bom/pom.xml"), repository, "filigree-bom", null);
    for (var jar : JARS.entrySet()) {
      Path pom = ROOT.resolve(jar.getKey()).resolve("pom.xml");
      publish(pom, repository, "filigree-" + jar.getKey(), jar.getValue());
    }
    Path starter = folder.resolve("my-project");
    copy(ROOT.resolve("examples/starter"), starter);

    String first = maven(starter, repository, "verify", "exec:exec");
    assertThat(first).contains("Tests run: 1, Failures: 0").contains("steps 1 to 100: loss 0.");
    String second = maven(starter, repository, "compile", "exec:exec");
    assertThat(second).contains("steps 101 to 200: loss 0.").contains("sparsity 0.800");
  }

  /** Puts a POM, and the classes beside a class of the module, where Maven finds them. */
  private static void publish(
      Path pom, Path repository, String artifact, @Nullable Class<?> ofModule) throws Exception {
    Path target = repository.resolve("dev/filigree").resolve(artifact).resolve(VERSION);
    Files.createDirectories(target);
    Path file = target.resolve(artifact + "-" + VERSION + ".pom");
    Files.copy(pom, file);
    if (ofModule != null) {
      Path built = Path.of(ofModule.getProtectionDomain().getCodeSource().getLocation().toURI());
      Path jar = target.resolve(artifact + "-" + VERSION + ".jar");
      if (Files.isDirectory(built)) {
        zip(built, jar);
      } else {
        Files.copy(built, jar);
      }
    }
  }

  private static void zip(Path folder, Path to) throws IOException {
    try (OutputStream file = Files.newOutputStream(to);
        var jar = new JarOutputStream(file);
        Stream<Path> all = Files.walk(folder)) {
      for (Path path : all.filter(Files::isRegularFile).toList()) {
        jar.putNextEntry(new JarEntry(folder.relativize(path).toString().replace('\\', '/')));
        Files.copy(path, jar);
      }
    }
  }

  private static void copy(Path from, Path to) throws IOException {
    try (Stream<Path> all = Files.walk(from)) {
      for (Path path : all.filter(path -> !path.startsWith(from.resolve("target"))).toList()) {
        Files.copy(path, to.resolve(from.relativize(path).toString()));
      }
    }
  }

  private static String maven(Path project, Path repository, String... goals) throws Exception {
    String usual =
        System.getProperty("maven.repo.local", System.getProperty("user.home") + "/.m2/repository");
    Path output = project.resolve("output.txt");
    var command = new ArrayList<String>();
    command.add(ROOT.resolve("mvnw").toString());
    command.addAll(
        List.of(
            "-B",
            "-Dmaven.repo.local=" + repository,
            "-Dmaven.repo.local.tail=" + usual,
            "-Dmaven.repo.local.tail.ignoreAvailability=true"));
    command.addAll(List.of(goals));
    var builder = new ProcessBuilder(command).directory(project.toFile());
    builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
    Process process = builder.redirectErrorStream(true).redirectOutput(output.toFile()).start();
    try {
      assertThat(process.waitFor(300, TimeUnit.SECONDS)).as("ends in time").isTrue();
    } finally {
      process.destroyForcibly();
    }
    String printed = Files.readString(output);
    assertThat(process.exitValue()).as(printed).isZero();
    return printed;
  }
}
