package dev.filigree.zoo.eval;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The tasks by name. A new task is one line here. */
public final class Tasks {
  private static final Map<String, Task> TASKS = new LinkedHashMap<>();

  static {
    add(new Arc());
    add(new HellaSwag());
    add(new Mmlu());
    add(new TruthfulQa());
    add(new WinoGrande());
  }

  private Tasks() {}

  private static void add(Task task) {
    TASKS.put(task.name(), task);
  }

  /**
   * The task of a name.
   *
   * @throws IllegalArgumentException for any other
   */
  public static Task named(String name) {
    Task task = TASKS.get(name);
    if (task == null) {
      throw new IllegalArgumentException(
          "unknown task '" + name + "'; allowed: " + String.join(", ", names()));
    }
    return task;
  }

  public static List<String> names() {
    return List.copyOf(TASKS.keySet());
  }
}
