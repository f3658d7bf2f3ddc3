package dev.filigree.zoo.model;

import org.bytedeco.pytorch.Tensor;

/** The raw outputs of a network of either kind. */
final class Logits {
  private Logits() {}

  static Tensor of(Model model, Tensor inputs) {
    return model instanceof LanguageModel language
        ? language.logits(inputs)
        : ((ImageClassifier) model).logits(inputs);
  }
}
