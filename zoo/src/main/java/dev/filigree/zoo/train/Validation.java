package dev.filigree.zoo.train;

import dev.filigree.zoo.config.LoopConfig;
import dev.filigree.zoo.data.DataLoader;
import dev.filigree.zoo.train.event.Evaluation;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalDouble;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The evaluations of a run on its validation sets. */
final class Validation {
  private final Map<String, DataLoader> sets;
  private final Evaluator evaluator;
  private final LoopConfig loop;

  Validation(Session session) {
    sets = session.validationData();
    evaluator =
        new Evaluator(
            session.model(),
            session.hardware(),
            session.config().precision().type(),
            session.replica(),
            session.exchange());
    loop = session.config().loop();
  }

  /** Whether there is any. */
  boolean happens() {
    return loop.evalFrequency() > 0 && !sets.isEmpty();
  }

  /** Whether there is one once so many steps are finished. */
  boolean happensAt(long step) {
    return happens() && loop.evaluatesAt(step);
  }

  /**
   * Evaluates every set.
   *
   * @param each takes an evaluation as soon as it is there
   */
  List<Evaluation> evaluate(long step, Consumer<Evaluation> each) {
    var evaluations = new ArrayList<Evaluation>();
    sets.forEach(
        (name, data) -> {
          Evaluator.Result result = evaluator.evaluate(data, loop.evalSteps());
          var evaluation =
              new Evaluation(
                  step,
                  name,
                  result.loss(),
                  result.positions(),
                  bitsPerByte(data, result.loss()),
                  result.accuracy());
          evaluations.add(evaluation);
          each.accept(evaluation);
        });
    return evaluations;
  }

  /** Bits a byte of text from nats a token; null where there are several sets, or no known text. */
  @Nullable Double bitsPerByte(@Nullable Double loss) {
    return loss == null || sets.size() != 1
        ? null
        : bitsPerByte(sets.values().iterator().next(), loss);
  }

  private static @Nullable Double bitsPerByte(DataLoader data, double loss) {
    return data.dataset().text().<@Nullable Double>map(text -> text.bitsPerByte(loss)).orElse(null);
  }

  /** The mean over the sets; null for text, which has no accuracy. */
  static @Nullable Double meanAccuracy(List<Evaluation> evaluations) {
    OptionalDouble mean =
        evaluations.stream()
            .map(Evaluation::accuracy)
            .filter(Objects::nonNull)
            .mapToDouble(Double::doubleValue)
            .average();
    return mean.isPresent() ? mean.getAsDouble() : null;
  }
}
