package dev.filigree.schedule;

import java.util.Locale;
import java.util.Map;

/** What a scheduler moves, and the keys it uses for that. */
enum ScheduledParameter {
  LEARNING_RATE("LR"),
  WEIGHT_DECAY("WD");

  /** The keys of values: those of a weight decay by those of a learning rate. */
  private static final Map<String, String> VALUES =
      Map.of(
          "initial_learning_rate", "initial_val",
          "end_learning_rate", "end_val",
          "learning_rate", "val",
          "learning_rates", "vals",
          "max_lr", "max_val",
          "base_lr", "base_val");

  final String suffix;

  ScheduledParameter(String suffix) {
    this.suffix = suffix;
  }

  /** The key that stands for one of a learning rate. */
  String key(String ofLearningRate) {
    return this == LEARNING_RATE
        ? ofLearningRate
        : VALUES.getOrDefault(ofLearningRate, ofLearningRate);
  }

  /** Whether a key of a learning rate holds values of the schedule. */
  static boolean isValue(String ofLearningRate) {
    return VALUES.containsKey(ofLearningRate);
  }

  String words() {
    return name().toLowerCase(Locale.ROOT).replace('_', ' ');
  }
}
