package dev.filigree.zoo.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.filigree.zoo.train.event.TrainingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunLockTest {
  @TempDir Path folder;

  /** Another process that wants the lock of the folder it is given. */
  static final class Other {
    private Other() {}

    public static void main(String[] arguments) {
      try (RunLock lock = RunLock.take(Path.of(arguments[0]))) {
        System.out.print("taken " + lock.isThere());
      } catch (TrainingException e) {
        System.out.print(e.getMessage());
      }
    }
  }

  private String other() throws Exception {
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    String classes = System.getProperty("java.class.path");
    Process process =
        new ProcessBuilder(
                java,
                "-XX:TieredStopAtLevel=1",
                "-cp",
                classes,
                Other.class.getName(),
                folder.toString())
            .redirectErrorStream(true)
            .start();
    byte[] output = process.getInputStream().readAllBytes();
    assertThat(process.waitFor()).isZero();
    return new String(output, StandardCharsets.UTF_8);
  }

  @Test
  void anotherProcessIsRefusedAsLongAsTheLockIsHeld() throws Exception {
    try (RunLock lock = RunLock.take(folder)) {
      assertThat(lock.isThere()).isTrue();
      assertThatThrownBy(() -> RunLock.take(folder)).isInstanceOf(TrainingException.class);
      // Whatever this process looked at before, the lock is still its own.
      assertThat(other())
          .startsWith(folder + ": another run uses this directory (pid ")
          .contains("(pid " + ProcessHandle.current().pid() + ", started 20");
      assertThat(lock.isThere()).isTrue();
    }
    assertThat(other()).isEqualTo("taken true");
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void aFolderMadeAnewHasAnotherLock() throws Exception {
    RunLock first = RunLock.take(folder);
    Files.delete(folder.resolve("lock"));
    assertThat(first.isThere()).isFalse();
    try (RunLock second = RunLock.take(folder)) {
      try (first) {
        assertThat(first.isThere()).isFalse();
      }
      assertThat(second.isThere()).isTrue();
    }
  }
}
