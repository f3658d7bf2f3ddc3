package dev.filigree.schedule;

import java.util.Locale;

/** What a scheduler moves, and the keys it uses for that. */
enum ScheduledParameter {
  LEARNING_RATE(
      "LR",
      "initial_learning_rate",
      "end_learning_rate",
      "learning_rate",
      "learning_rates",
      "max_lr",
      "base_lr"),
  WEIGHT_DECAY("WD", "initial_val", "end_val", "val", "vals", "max_val", "base_val");

  final String suffix;
  final String initial;
  final String end;
  final String constant;
  final String constants;
  final String max;
  final String base;

  ScheduledParameter(
      String suffix,
      String initial,
      String end,
      String constant,
      String constants,
      String max,
      String base) {
    this.suffix = suffix;
    this.initial = initial;
    this.end = end;
    this.constant = constant;
    this.constants = constants;
    this.max = max;
    this.base = base;
  }

  String words() {
    return name().toLowerCase(Locale.ROOT).replace('_', ' ');
  }
}
