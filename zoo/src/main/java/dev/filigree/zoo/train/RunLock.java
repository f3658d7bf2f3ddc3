package dev.filigree.zoo.train;

import dev.filigree.io.Failures;
import dev.filigree.zoo.train.event.TrainingException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Keeps a second run out of a run directory. The operating system holds the lock, so that the one
 * of a process that died is free; the file {@code lock} says who has it.
 *
 * <p>POSIX takes a process's locks on a file away as soon as the process closes the file, through
 * whichever channel. So a process never opens a lock file that it holds: it goes by the file's key.
 */
final class RunLock implements AutoCloseable {
  private static final String NAME = "lock";

  /** The owners of the locks that this process holds, by the key of their file. */
  private static final Map<Object, String> HELD = new ConcurrentHashMap<>();

  private final Path file;
  private final Object key;
  private final FileChannel channel;

  private RunLock(Path file, Object key, FileChannel channel) {
    this.file = file;
    this.key = key;
    this.channel = channel;
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
    try {
      Files.createFile(file);
    } catch (FileAlreadyExistsException e) {
      // Of another run, or left by a process that died.
    }
    try {
      Object key = key(file);
      String owner =
          "pid "
              + ProcessHandle.current().pid()
              + ", started "
              + Instant.now().truncatedTo(ChronoUnit.SECONDS);
      String other = HELD.putIfAbsent(key, owner);
      if (other != null) {
        throw refused(file, other);
      }
      RunLock lock = null;
      try {
        lock = tryTake(file, key, owner);
        return lock;
      } finally {
        if (lock == null) {
          HELD.remove(key);
        }
      }
    } catch (NoSuchFileException e) {
      return null;
    }
  }

  private static @Nullable RunLock tryTake(Path file, Object key, String owner) throws IOException {
    FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE);
    boolean taken = false;
    try {
      if (channel.tryLock() == null) {
        throw refused(file, Files.readString(file).strip());
      }
      // Still the same file: not one that its owner deleted after it was opened here.
      taken = key.equals(key(file));
      if (taken) {
        channel.truncate(0);
        channel.write(ByteBuffer.wrap((owner + "\n").getBytes(StandardCharsets.UTF_8)), 0);
        return new RunLock(file, key, channel);
      }
      return null;
    } finally {
      if (!taken) {
        channel.close();
      }
    }
  }

  private static TrainingException refused(Path file, String owner) {
    return new TrainingException(
        file.getParent()
            + ": another run uses this directory ("
            + owner
            + "); wait for it, stop it, or choose another --out");
  }

  /** What tells a file from one of the same name: its inode, or its path where there are none. */
  private static Object key(Path file) throws IOException {
    Object key = Files.readAttributes(file, BasicFileAttributes.class).fileKey();
    return key == null ? file.toRealPath() : key;
  }

  /**
   * Whether the directory still has this lock: it was neither deleted nor made again by another
   * process.
   */
  boolean isThere() {
    try {
      return key.equals(key(file));
    } catch (IOException e) {
      return false;
    }
  }

  @Override
  public void close() {
    try {
      if (isThere()) {
        Files.deleteIfExists(file);
      }
      // Before the file is closed: another may have its inode then.
      HELD.remove(key);
      channel.close();
    } catch (IOException e) {
      // The process's end frees the lock all the same.
    }
  }
}
