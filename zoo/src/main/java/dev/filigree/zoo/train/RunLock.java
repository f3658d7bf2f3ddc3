package dev.filigree.zoo.train;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Keeps a second run out of a run directory. The operating system holds the lock, so that the one
 * of a process that died is free; the file {@code lock} says who has it.
 */
final class RunLock implements AutoCloseable {
  private static final String NAME = "lock";

  private final Path file;
  private final FileChannel channel;
  private final byte[] owner;

  private RunLock(Path file, FileChannel channel, byte[] owner) {
    this.file = file;
    this.channel = channel;
    this.owner = owner;
  }

  /**
   * Takes the lock of a run directory.
   *
   * @throws TrainingException when another run has it, or the directory cannot be written
   */
  static RunLock take(Path directory) {
    Path file = directory.resolve(NAME);
    try {
      while (true) {
        RunLock lock = tryTake(file);
        if (lock != null) {
          return lock;
        }
      }
    } catch (IOException e) {
      throw new TrainingException(
          directory + ": cannot be written: " + Failures.reason(e) + "; choose another --out", e);
    }
  }

  /** The lock, or null when its file was just deleted by the run that gave it back. */
  private static @Nullable RunLock tryTake(Path file) throws IOException {
    FileChannel channel =
        FileChannel.open(
            file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
    boolean taken = false;
    try {
      if (!isFree(channel)) {
        throw new TrainingException(
            file.getParent()
                + ": another run uses this directory ("
                + Files.readString(file).strip()
                + "); wait for it, stop it, or choose another --out");
      }
      byte[] owner =
          ("pid "
                  + ProcessHandle.current().pid()
                  + ", started "
                  + Instant.now().truncatedTo(ChronoUnit.SECONDS)
                  + "\n")
              .getBytes(StandardCharsets.UTF_8);
      channel.truncate(0);
      channel.write(ByteBuffer.wrap(owner), 0);
      taken = Files.exists(file) && Arrays.equals(owner, Files.readAllBytes(file));
      return taken ? new RunLock(file, channel, owner) : null;
    } finally {
      if (!taken) {
        channel.close();
      }
    }
  }

  /** Whether the directory still has this lock: it was neither deleted nor made anew by others. */
  boolean isThere() {
    try {
      return Arrays.equals(owner, Files.readAllBytes(file));
    } catch (IOException e) {
      return false;
    }
  }

  private static boolean isFree(FileChannel channel) throws IOException {
    try {
      @Nullable FileLock lock = channel.tryLock();
      return lock != null;
    } catch (OverlappingFileLockException e) {
      return false; // another run in this JVM
    }
  }

  @Override
  public void close() {
    try {
      if (isThere()) {
        Files.deleteIfExists(file);
      }
      channel.close();
    } catch (IOException e) {
      // The process's end frees the lock all the same.
    }
  }
}
