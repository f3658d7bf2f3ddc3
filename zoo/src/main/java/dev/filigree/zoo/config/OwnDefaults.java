package dev.filigree.zoo.config;

import dev.filigree.config.ConfigMap;
import dev.filigree.config.ConfigNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The defaults that are others than the Model Zoo's: a file of the Model Zoo that leaves their keys
 * out trains otherwise here, and is told so.
 */
final class OwnDefaults {
  private OwnDefaults() {}

  /**
   * One line that names each such default that a configuration takes, and what the Model Zoo has.
   *
   * @param root as it was given, before anything was filled in
   * @param config what it means
   */
  static Optional<String> note(ConfigMap root, RunConfig config) {
    ConfigMap init = root.map("trainer").map("init");
    ConfigMap loop = init.map("loop");
    var taken = new ArrayList<String>();
    if (!init.has("precision")) {
      taken.add(
          "precision.max_gradient_norm " + config.precision().maxGradientNorm() + " (there none)");
    } else if (init.map("precision").get("enabled").or(() -> fp16Type(init)).isEmpty()) {
      taken.add("precision.enabled false (there true)");
    }
    if (!init.has("schedulers") && !config.schedulers().schedules().learningRates().isEmpty()) {
      taken.add("schedulers: a warm-up and a cosine (there the optimizer's rate, constant)");
    }
    if (!loop.has("eval_frequency") && !config.validationData().isEmpty()) {
      taken.add(
          "loop.eval_frequency " + config.loop().evalFrequency() + " (there once, at the end)");
    }
    if (!loop.has("eval_steps")
        && !config.validationData().isEmpty()
        && config.loop().evalFrequency() > 0) {
      taken.add("loop.eval_steps " + config.loop().evalSteps() + " (there all batches)");
    }
    if (init.map("checkpoint").has("steps")
        && config.checkpoint().steps() > 0
        && !init.map("checkpoint").has("keep")
        && !keeps(init)) {
      taken.add("checkpoint.keep " + config.checkpoint().keep() + " (there all)");
    }
    if (!root.map("trainer").map("fit").map("train_dataloader").has("shuffle")) {
      taken.add("train_dataloader.shuffle " + config.trainData().shuffle() + " (there false)");
    }
    return taken.isEmpty()
        ? Optional.empty()
        : Optional.of(
            root.location().source()
                + ": left to defaults that are not the Model Zoo's: "
                + String.join(", ", taken));
  }

  private static Optional<ConfigNode> fp16Type(ConfigMap init) {
    return init.map("precision").get("fp16_type");
  }

  private static boolean keeps(ConfigMap init) {
    return init.get("callbacks").map(ConfigNode::asList).map(list -> list.items()).stream()
        .flatMap(List::stream)
        .anyMatch(item -> item.asMap().entries().containsKey("KeepNCheckpoints"));
  }
}
