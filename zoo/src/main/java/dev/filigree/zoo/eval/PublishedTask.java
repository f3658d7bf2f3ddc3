package dev.filigree.zoo.eval;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A task with what the Open LLM Leaderboard says of it. */
abstract class PublishedTask implements Task {
  private final String name;
  private final int shots;
  private final String metric;

  PublishedTask(String name, int shots, String metric) {
    this.name = name;
    this.shots = shots;
    this.metric = metric;
  }

  @Override
  public final String name() {
    return name;
  }

  @Override
  public final int shots() {
    return shots;
  }

  @Override
  public final String metric() {
    return metric;
  }

  /** A task of one part, its questions and its examples a file of JSON lines each. */
  abstract static class Lines extends PublishedTask {
    private final String questions;
    private final String examples;

    /**
     * @param questions the name of their file, a glob
     * @param examples the name of their file, a glob
     */
    Lines(String name, int shots, String metric, String questions, String examples) {
      super(name, shots, metric);
      this.questions = questions;
      this.examples = examples;
    }

    @Override
    public final List<TaskPart> read(Path folder) throws IOException {
      Path file = TaskFiles.one(folder, questions);
      return List.of(
          new TaskPart(
              "",
              "",
              questions(file),
              questions(TaskFiles.one(folder, examples)),
              TaskPart.Draw.RANDOM));
    }

    private List<Question> questions(Path file) throws IOException {
      var all = new ArrayList<Question>();
      for (JsonRecord line : JsonRecord.lines(file)) {
        all.add(question(line));
      }
      return all;
    }

    /** The question of a line. */
    abstract Question question(JsonRecord item);
  }
}
