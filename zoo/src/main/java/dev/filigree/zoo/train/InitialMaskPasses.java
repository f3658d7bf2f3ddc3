package dev.filigree.zoo.train;

import dev.filigree.sparsity.CalibrationPasses;
import dev.filigree.torch.Autocast;
import dev.filigree.zoo.config.RunConfig;
import dev.filigree.zoo.data.Batch;
import dev.filigree.zoo.model.ImageClassifier;
import dev.filigree.zoo.model.LanguageModel;
import dev.filigree.zoo.model.Model;
import dev.filigree.zoo.train.event.TrainingException;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * Passes that choose a run's first masks: over the first batches of its training data, which it
 * trains on afterwards. The data's position, running averages and dropout are then as if they had
 * not been.
 */
final class InitialMaskPasses implements CalibrationPasses {
  private final Session session;
  private final RunConfig config;
  private final Map<String, Object> beginning; // of the data

  private InitialMaskPasses(Session session) {
    this.session = session;
    config = session.config();
    beginning = session.trainData().state();
  }

  /** Chooses the first masks of a new run, where they are chosen so. */
  static void run(Session session) {
    if (session.sparsity().isEmpty() || !session.sparsity().get().awaitsInitialMasks()) {
      return;
    }
    try (var _ = new PointerScope()) {
      var buffers = new IdentityHashMap<Tensor, Tensor>();
      session.buffers().forEach(each -> buffers.put(each, each.clone()));
      var passes = new InitialMaskPasses(session);
      try {
        session.sparsity().get().chooseInitialMasks(passes);
      } catch (IllegalStateException e) {
        throw new TrainingException(String.valueOf(e.getMessage()), e);
      } finally {
        buffers.forEach(Tensor::copy_);
        session.trainData().load(passes.beginning);
      }
    }
  }

  @Override
  public void loss(int batch) {
    session.hardware().seed(config.seed() * 0x9E3779B97F4A7C15L + batch);
    List<Batch> parts = batch(batch);
    long positions = parts.stream().mapToLong(Evaluator::positions).sum();
    for (Batch part : parts) {
      Tensor share;
      try (var _ =
          Autocast.open(
              session.hardware().type(), session.hardware().computing(config.precision().type()))) {
        share = session.model().loss(session.hardware().place(part));
      }
      share.mul(new Scalar((double) Evaluator.positions(part) / positions)).backward();
    }
  }

  /** One batch of the beginning of the data, in micro-batches. */
  private List<Batch> batch(int number) {
    session.trainData().load(beginning);
    for (int i = 0; i < number * config.microBatches(); i++) {
      session.trainData().next(config.microBatchSize());
    }
    return IntStream.range(0, config.microBatches())
        .mapToObj(i -> session.trainData().next(config.microBatchSize()))
        .toList();
  }

  @Override
  public void outputs() {
    Model model = session.model();
    Tensor first = session.hardware().place(batch(0).getFirst()).inputs().narrow(0, 0, 1);
    boolean training = model.is_training();
    model.eval();
    try {
      Tensor outputs =
          switch (model) {
            case LanguageModel language -> language.logits(first);
            case ImageClassifier classifier -> classifier.logits(torch.ones_like(first));
            default ->
                throw new TrainingException(
                    "init_method synflow is for language models and image classifiers, not for "
                        + config.model().config().modelType());
          };
      outputs.sum().backward();
    } finally {
      model.train(training);
    }
  }
}
