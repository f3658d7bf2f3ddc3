package dev.filigree.sparsity;

import dev.filigree.mask.Candidates;
import dev.filigree.optim.GradientExchange;
import dev.filigree.sparsity.algorithm.Evidence;
import dev.filigree.sparsity.algorithm.WeightView;
import dev.filigree.sparsity.storage.GradientListener;
import dev.filigree.torch.Tensors;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import org.bytedeco.pytorch.GradMode;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/**
 * What the next mask update of a parameter must know beside values and state, gathered as backward
 * passes deliver it.
 *
 * <p>A compressed weight has no room for a dense gradient: where one backward pass makes the step,
 * its gradient is scored as it arrives, and only the candidates of the growth outlive it.
 * Everywhere else gradients are summed, one dense tensor a parameter, in the steps before an
 * update; over several steps in float32, whatever the weight's type.
 */
final class GatheredEvidence implements GradientListener, AutoCloseable {
  private final String name;
  private final Tensor weight;
  private final Evidence evidence;
  private final GradientExchange exchange;

  private boolean gathering;
  private @Nullable Function<Tensor, Candidates> scoring;
  private @Nullable Tensor stepGradient; // of this step, summed over its backward passes
  private @Nullable Tensor average; // over steps: a sum of the last ones, or the momentum; float32
  private long steps; // that the sum is of
  private @Nullable Tensor squares; // [in_features]: mean over the inputs of this step; float32
  private long inputs; // that the mean is of
  private @Nullable Candidates candidates;
  private boolean severalPasses;
  private @Nullable Throwable failure;

  GatheredEvidence(String name, Tensor weight, Evidence evidence, GradientExchange exchange) {
    this.name = name;
    this.weight = weight;
    this.evidence = evidence;
    this.exchange = exchange;
  }

  /**
   * Says what the next step is for.
   *
   * @param isWanted whether the gradients, or inputs, of the next step are wanted
   * @param asTheyArrive turns a gradient into candidates at once; null to sum gradients
   */
  void await(boolean isWanted, @Nullable Function<Tensor, Candidates> asTheyArrive) {
    gathering = isWanted;
    scoring = asTheyArrive;
  }

  @Override
  public boolean wantsGradient() {
    return gathering
        && (evidence instanceof Evidence.Gradient || evidence instanceof Evidence.Momentum);
  }

  @Override
  public void gradient(Tensor dense) {
    if (!weight.grad().defined()) {
      forgetGradient(); // The first backward pass of a step; the step before may have been skipped.
    }
    if (scoring != null) {
      severalPasses = candidates != null;
      if (candidates == null) {
        score(dense, scoring);
      }
    } else if (stepGradient == null) {
      stepGradient = own(dense.clone());
    } else {
      stepGradient.add_(dense);
    }
  }

  private void score(Tensor dense, Function<Tensor, Candidates> toCandidates) {
    try {
      Tensor mean = dense;
      if (exchange != GradientExchange.none()) {
        mean = dense.clone(); // the gradient itself is not the listener's to change
        exchange.average(List.of(mean));
      }
      candidates = toCandidates.apply(mean);
    } catch (RuntimeException | Error e) {
      failure = e; // through libtorch it would lose its type, its cause and its trace
    }
  }

  /** Takes the inputs of one forward pass, [..., in_features]. */
  void input(Tensor x) {
    if (gathering && GradMode.is_enabled()) {
      Tensors.inScope(
          () -> {
            Tensor flat = x.detach().reshape(-1, x.size(-1)).to(ScalarType.Float);
            long all = inputs + flat.size(0);
            Tensor share = flat.square().sum(0).div(new Scalar((double) Math.max(1, all)));
            if (squares == null) {
              squares = own(share);
            } else {
              squares.mul_(new Scalar((double) inputs / Math.max(1, all))).add_(share);
            }
            inputs = all;
          });
    }
  }

  /**
   * Throws what prevents an update, before the optimizer makes its step: what an algorithm's score
   * threw within the backward pass, which libtorch would have turned into text, and a gradient of
   * which only a part was scored.
   */
  void requireUsable() {
    switch (failure) {
      case null -> {}
      case Error error -> throw error;
      case RuntimeException exception -> throw exception;
      case Throwable other -> throw new IllegalStateException(other);
    }
    if (severalPasses) {
      throw new IllegalStateException(
          name
              + ": several backward passes made one step, or its layer took part in one several"
              + " times; compressed execution must know that: SparsityOptions.microBatches");
    }
  }

  /** The optimizer has made its step: what was gathered in it counts. */
  void finishStep() {
    if (stepGradient == null) {
      return;
    }
    switch (evidence) {
      case Evidence.Gradient(int most) when most > 1 -> addToAverage(1, 1);
      case Evidence.Momentum(double beta) -> addToAverage(beta, 1 - beta);
      default -> {}
    }
  }

  /** average ← kept · average + share · the gradient of the step. */
  private void addToAverage(double kept, double share) {
    Tensors.inScope(
        () -> {
          Tensor gradient = Objects.requireNonNull(stepGradient).to(ScalarType.Float);
          if (average == null) {
            average = own(gradient.mul(new Scalar(share)));
          } else {
            average.mul_(new Scalar(kept)).add_(gradient, new Scalar(share));
          }
        });
    steps++;
    forgetGradient();
  }

  /** Takes the loss scale out of the gradient of this step. */
  void unscale(double scale) {
    if (stepGradient != null) {
      stepGradient.div_(new Scalar(scale));
    }
  }

  /** Takes the mean over calibration batches, on which the optimizer makes no step. */
  void finishCalibration(int batches) {
    unscale(batches);
    finishStep();
  }

  /** Whether an update finds what it needs. */
  boolean isComplete() {
    return switch (evidence) {
      case Evidence.None() -> true;
      case Evidence.Gradient(int most) ->
          most > 1 ? average != null : stepGradient != null || candidates != null;
      case Evidence.Momentum _ -> average != null;
      case Evidence.InputNorms() -> squares != null;
    };
  }

  /** Replicas agree on what was summed; candidates they agreed on when the gradient arrived. */
  void exchange() {
    for (Tensor gathered :
        new @Nullable Tensor[] {average == null ? stepGradient : average, squares}) {
      if (gathered != null) {
        exchange.average(List.of(gathered));
      }
    }
  }

  /** What the scores of a growth were made of as the gradient arrived. */
  Optional<Candidates> candidates() {
    return Optional.ofNullable(candidates);
  }

  /** The gradient of the step, which growth scores see as it arrived. */
  Optional<Tensor> arrived() {
    return Optional.ofNullable(stepGradient);
  }

  /** See {@link WeightView#gradient}. */
  Tensor gradient() {
    if (!(evidence instanceof Evidence.Gradient(int most)) || most == 1 || average == null) {
      throw new IllegalStateException(
          name
              + ": no dense gradient was gathered for this score; a growth score finds that of the"
              + " step where evidence() says Evidence.gradient(), both scores that of several steps"
              + " where it says Evidence.gradient(n); keptGradient() is always there for drops");
    }
    return average.div(new Scalar((double) steps));
  }

  /** See {@link WeightView#momentum}. */
  Tensor momentum() {
    if (!(evidence instanceof Evidence.Momentum) || average == null) {
      throw new IllegalStateException(
          name + ": no momentum was gathered; does evidence() say Evidence.momentum(beta)?");
    }
    return average;
  }

  /** See {@link WeightView#inputNorms}. */
  Tensor inputNorms() {
    if (squares == null) {
      throw new IllegalStateException(
          name + ": no inputs were seen; does evidence() say Evidence.inputNorms()?");
    }
    return squares.sqrt();
  }

  Optional<Tensor> denseGradient() {
    return Optional.ofNullable(average != null ? average : stepGradient);
  }

  /** A copy of what lives from step to step and so belongs to a checkpoint. */
  Optional<Tensor> state() {
    return Optional.ofNullable(average).map(tensor -> Tensors.scoped(tensor::clone));
  }

  /** How many steps {@link #state} is of. */
  long steps() {
    return steps;
  }

  /**
   * Goes on from a checkpoint.
   *
   * @param state null where nothing was gathered
   */
  void load(@Nullable Tensor state) {
    average = closed(average);
    if (state != null) {
      Tensors.inScope(() -> average = own(state.to(weight.device(), ScalarType.Float).clone()));
    }
  }

  /** Starts afresh, as if nothing had been gathered. */
  void reset(long gatheredSteps) {
    forgetStep();
    load(null);
    steps = gatheredSteps;
  }

  /** Forgets the gradient of a step: it was skipped, or its update is made. */
  void forgetGradient() {
    stepGradient = closed(stepGradient);
    severalPasses = false;
    failure = null;
    if (candidates != null) {
      candidates.close();
      candidates = null;
    }
  }

  /** Forgets a step and its inputs. */
  void forgetStep() {
    forgetGradient();
    squares = closed(squares);
    inputs = 0;
  }

  /** An update was made: the mean starts afresh, the momentum goes on. */
  void finishUpdate() {
    forgetStep();
    if (evidence instanceof Evidence.Gradient) {
      average = closed(average);
      steps = 0;
    }
  }

  private static @Nullable Tensor closed(@Nullable Tensor tensor) {
    if (tensor != null) {
      tensor.close();
    }
    return null;
  }

  /** Takes a tensor out of the scopes of this thread: it lives until it is replaced. */
  private static Tensor own(Tensor tensor) {
    return new Tensor(tensor).retainReference();
  }

  @Override
  public void close() {
    reset(0);
  }
}
