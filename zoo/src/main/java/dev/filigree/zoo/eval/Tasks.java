package dev.filigree.zoo.eval;

import dev.filigree.config.Registry;
import java.util.Set;

/** The tasks that the command line can name. Registering another makes it one of them. */
public final class Tasks {
  private static final Registry<Task> REGISTRY = new Registry<>("task");

  static {
    register(new Arc());
    register(new HellaSwag());
    register(new Mmlu());
    register(new TruthfulQa());
    register(new WinoGrande());
  }

  private Tasks() {}

  /**
   * Makes a task known by its name.
   *
   * @throws IllegalArgumentException when the name is taken
   */
  public static void register(Task task) {
    REGISTRY.register(task.name(), task);
  }

  /**
   * The task of a name.
   *
   * @throws IllegalArgumentException for an unknown name, with those that are allowed
   */
  public static Task named(String name) {
    return REGISTRY.get(name);
  }

  /** The registered names, in order. */
  public static Set<String> names() {
    return REGISTRY.names();
  }
}
