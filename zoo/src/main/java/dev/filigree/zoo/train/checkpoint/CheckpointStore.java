package dev.filigree.zoo.train.checkpoint;

import dev.filigree.io.Durable;
import dev.filigree.io.Failures;
import dev.filigree.zoo.train.event.TrainingException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The folder {@code checkpoints} of a run directory. A checkpoint is written aside, synced and
 * renamed, so that a folder named {@code step-000100} is whole, or was damaged later. For
 * Filigree's own packages.
 */
public final class CheckpointStore {
  /** A run's folder of checkpoints, a folder each. */
  public static final String FOLDER = "checkpoints";

  private static final Pattern NAME = Pattern.compile("step-(\\d{6,18})");

  private final Path folder;

  /** The checkpoints of a run directory. */
  public CheckpointStore(Path runDirectory) {
    folder = runDirectory.resolve(FOLDER);
  }

  /**
   * Saves a checkpoint, in place of an older one of the same step.
   *
   * @param progress how far the run is, the other keys of {@code state.json}
   * @return its folder, whole on disk
   * @throws TrainingException when the disk is full or cannot be written; nothing half stays
   */
  public Path save(long step, TrainingState run, Map<String, @Nullable Object> progress) {
    Path target = of(step);
    Path aside = folder.resolve("." + target.getFileName() + ".partial");
    Path replaced = folder.resolve("." + target.getFileName() + ".replaced");
    try {
      Files.createDirectories(folder);
      Durable.deleteTree(aside);
      Files.createDirectory(aside);
      List<String> names = CheckpointFiles.write(aside, run, progress);
      Durable.write(
          aside.resolve(CheckpointManifest.NAME), CheckpointManifest.of(aside, names).toBytes());
      Durable.syncFolder(aside);
      if (Files.exists(target)) {
        Durable.deleteTree(replaced);
        Files.move(target, replaced, StandardCopyOption.ATOMIC_MOVE);
      }
      Durable.rename(aside, target);
      Durable.deleteTree(replaced);
      return target;
    } catch (IOException e) {
      throw failed(target, aside, Failures.reason(e), e);
    } catch (RuntimeException e) {
      throw failed(target, aside, String.valueOf(e.getMessage()), e);
    }
  }

  private TrainingException failed(Path target, Path aside, String reason, Exception cause) {
    try {
      Durable.deleteTree(aside);
    } catch (IOException e) {
      cause.addSuppressed(e);
    }
    return new TrainingException(target + ": checkpoint not saved: " + reason + lastGood(), cause);
  }

  /** For the end of a message: which checkpoint a run can go on from. */
  public String lastGood() {
    List<Saved> all = all();
    return all.isEmpty()
        ? ""
        : "; the last checkpoint is " + all.getLast().directory + ", go on from it with --resume";
  }

  /** The folder of a step's checkpoint. */
  public Path of(long step) {
    return folder.resolve(CheckpointFiles.folder(step));
  }

  /** Removes what a killed process left half-written; returns a line for each. */
  public List<String> removePartial() {
    var removed = new ArrayList<String>();
    try {
      for (Path path : entries()) {
        String name = path.getFileName().toString();
        if (name.startsWith(".step-")) {
          Durable.deleteTree(path);
          removed.add(path + ": passed over: never finished; removed");
        }
      }
    } catch (IOException e) {
      throw new TrainingException(folder + ": cannot be read: " + Failures.reason(e), e);
    }
    return removed;
  }

  /**
   * Renames the checkpoints after a step, all of them damaged, so that none is taken for one of the
   * newest: {@code damaged-step-000100}.
   */
  public void setAsideAfter(long step) {
    try {
      for (Saved saved : all()) {
        if (saved.step > step) {
          Path aside = folder.resolve("damaged-" + saved.directory.getFileName());
          Durable.deleteTree(aside);
          Files.move(saved.directory, aside, StandardCopyOption.ATOMIC_MOVE);
        }
      }
    } catch (IOException e) {
      throw new TrainingException(folder + ": cannot be written: " + Failures.reason(e), e);
    }
  }

  /** Deletes all but the newest {@code keep} and those named; 0 keeps all. */
  public void prune(long keep, Set<Long> steps) {
    List<Saved> all = all();
    if (keep == 0) {
      return;
    }
    for (Saved saved : all.subList(0, (int) Math.max(0, all.size() - keep))) {
      if (!steps.contains(saved.step)) {
        try {
          Durable.deleteTree(saved.directory);
        } catch (IOException e) {
          throw new TrainingException(
              saved.directory + ": cannot be deleted: " + Failures.reason(e), e);
        }
      }
    }
  }

  /** Checkpoints by rising step, whole or not. */
  public List<Saved> all() {
    var all = new ArrayList<Saved>();
    try {
      for (Path path : entries()) {
        Matcher name = NAME.matcher(path.getFileName().toString());
        if (name.matches() && Files.isDirectory(path)) {
          all.add(new Saved(Long.parseLong(name.group(1)), path));
        }
      }
    } catch (IOException e) {
      throw new TrainingException(folder + ": cannot be read: " + Failures.reason(e), e);
    }
    all.sort(Comparator.comparingLong(Saved::step));
    return all;
  }

  private List<Path> entries() throws IOException {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(folder)) {
      return files.sorted().toList();
    }
  }

  /** A folder named as a checkpoint. */
  public record Saved(long step, Path directory) {}
}
