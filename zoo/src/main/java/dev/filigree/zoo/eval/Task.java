package dev.filigree.zoo.eval;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** A few-shot task: how its published files are read and its prompts are written. */
public interface Task {
  /** What the command line calls it. */
  String name();

  /** Few-shot examples before each question on the Open LLM Leaderboard. */
  int shots();

  /** The metric that the Open LLM Leaderboard shows. */
  String metric();

  /**
   * Reads the files as they were published.
   *
   * @throws dev.filigree.zoo.data.DataException naming what is missing, or the line that is wrong
   */
  List<TaskPart> read(Path folder) throws IOException;
}
