package dev.filigree.zoo.train.event;

import dev.filigree.zoo.model.ImageClassifier;
import dev.filigree.zoo.model.LanguageModel;
import dev.filigree.zoo.model.Model;

/** What a run is counted in: the positions whose loss is averaged. */
public enum Unit {
  /** Of language models. */
  TOKENS("token"),
  /** Of image classifiers. */
  PICTURES("picture"),
  /** Labels of a network of another kind. */
  POSITIONS("position");

  private final String singular;

  Unit(String singular) {
    this.singular = singular;
  }

  /** What a network is trained on. */
  public static Unit of(Model model) {
    return switch (model) {
      case LanguageModel _ -> TOKENS;
      case ImageClassifier _ -> PICTURES;
      default -> POSITIONS;
    };
  }

  /** One of them, in words. */
  public String singular() {
    return singular;
  }

  /** Several of them, in words and as a key of the metrics. */
  public String plural() {
    return singular + "s";
  }

  /** Their number in a second, as a key of the metrics. */
  public String perSecond() {
    return plural() + "_per_second";
  }
}
