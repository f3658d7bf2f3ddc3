package starter;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MainTest {
  @Test
  void resumedRunIsTheRunThatNeverStopped(@TempDir Path folder) {
    Main.train(folder.resolve("twice"), 30);
    String resumed = Main.train(folder.resolve("twice"), 30);
    Main.train(folder.resolve("once"), 60);
    assertEquals("steps 31 to 60", resumed.substring(0, 14));
    assertEquals(Main.train(folder.resolve("once"), 5), Main.train(folder.resolve("twice"), 5));
  }
}
