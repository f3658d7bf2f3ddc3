package dev.filigree.sparsity;

import dev.filigree.mask.Candidates;
import dev.filigree.optim.GradientExchange;
import dev.filigree.sparsity.algorithm.Evidence;
import dev.filigree.sparsity.algorithm.SparsityAlgorithm;
import dev.filigree.sparsity.algorithm.WeightView;
import dev.filigree.sparsity.storage.GradientListener;
import dev.filigree.torch.Tensors;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.bytedeco.pytorch.GradMode;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * What the next mask update of a parameter must know beside values and state, gathered as backward
 * passes deliver it.
 *
 * <p>A compressed weight has no room for a dense gradient: where one backward pass makes the step,
 * its gradient is scored as it arrives, and only the candidates of the growth outlive it.
 * Everywhere else gradients are summed, one dense tensor a parameter, in the steps before an
 * update.
 */
final class GatheredEvidence implements GradientListener, AutoCloseable {
  private final String name;
  private final Tensor weight;
  private final Evidence evidence;
  private final GradientExchange exchange;

  private boolean gathering;
  private @Nullable Function<Tensor, Candidates> scoring;
  private @Nullable Tensor ofStep; // the gradient of this step, summed over its backward passes
  private @Nullable Tensor average; // over steps: of the last ones, or the momentum
  private @Nullable Tensor squares; // [in_features]: of the inputs of this step
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
      forgetStep(); // The first backward pass of a step; the step before may have been skipped.
    }
    if (scoring != null) {
      severalPasses = candidates != null;
      if (candidates == null) {
        score(dense, scoring);
      }
    } else if (ofStep == null) {
      ofStep = own(dense.clone());
    } else {
      ofStep.add_(dense);
    }
  }

  private void score(Tensor dense, Function<Tensor, Candidates> toCandidates) {
    try {
      exchange.average(List.of(dense));
      candidates = toCandidates.apply(dense);
    } catch (RuntimeException | Error e) {
      failure = e; // through libtorch it would lose its type, its cause and its trace
    }
  }

  /**
   * Rethrows what an algorithm's score threw within the backward pass, where libtorch would have
   * made a text of it.
   */
  void rethrowFailure() {
    switch (failure) {
      case null -> {}
      case Error error -> throw error;
      case RuntimeException exception -> throw exception;
      case Throwable other -> throw new IllegalStateException(other);
    }
  }

  /** Takes the inputs of one forward pass, [..., in_features]. */
  void input(Tensor x) {
    if (gathering && GradMode.is_enabled()) {
      Tensors.inScope(
          () -> {
            Tensor sum = x.detach().reshape(-1, x.size(-1)).square().sum(0);
            squares = own(squares == null ? sum : squares.add(sum));
          });
    }
  }

  /** The optimizer has made its step: what was gathered in it counts. */
  void finishStep() {
    if (ofStep == null) {
      return;
    }
    switch (evidence) {
      case Evidence.Gradient(int steps) when steps > 1 -> {
        Tensor share = ofStep.div(new Scalar((double) steps));
        average = own(average == null ? share : average.add(share));
        forgetStep();
      }
      case Evidence.Momentum(double beta) -> {
        Tensor share = ofStep.mul(new Scalar(1 - beta));
        average = own(average == null ? share : average.mul(new Scalar(beta)).add(share));
        forgetStep();
      }
      default -> {}
    }
  }

  /** Whether an update finds what it needs. */
  boolean isComplete() {
    return switch (evidence) {
      case Evidence.None() -> true;
      case Evidence.Gradient(int steps) ->
          steps > 1 ? average != null : ofStep != null || candidates != null;
      case Evidence.Momentum _ -> average != null;
      case Evidence.InputNorms() -> squares != null;
    };
  }

  /** Replicas agree on what was summed; candidates they agreed on when the gradient arrived. */
  void average() {
    for (Tensor gathered : new @Nullable Tensor[] {average == null ? ofStep : average, squares}) {
      if (gathered != null) {
        exchange.average(List.of(gathered));
      }
    }
  }

  /** The scores of a growth, of the weight's shape. */
  Tensor growScores(SparsityAlgorithm algorithm, WeightView view) {
    if (severalPasses) {
      throw new IllegalStateException(
          name
              + ": several backward passes made one step; compressed execution must know that:"
              + " SparsityOptions.microBatches");
    }
    return candidates == null ? algorithm.growScore(view) : candidates.scores();
  }

  /** See {@link WeightView#gradient}. */
  Tensor gradient() {
    Tensor gathered = average != null ? average : ofStep;
    if (!(evidence instanceof Evidence.Gradient) || gathered == null) {
      throw new IllegalStateException(
          name
              + ": no dense gradient was gathered; a growth score finds it where evidence() says"
              + " Evidence.gradient()");
    }
    return gathered;
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
    return Optional.ofNullable(average != null ? average : ofStep);
  }

  /** What lives from step to step and so belongs to a checkpoint. */
  Optional<Tensor> state() {
    return Optional.ofNullable(average);
  }

  void load(Tensor state) {
    average = own(state.clone());
  }

  /** Forgets a step: it was skipped, or its update is made. */
  void forgetStep() {
    ofStep = closed(ofStep);
    squares = closed(squares);
    severalPasses = false;
    failure = null;
    if (candidates != null) {
      candidates.close();
      candidates = null;
    }
  }

  /** An update was made: the mean begins anew, the momentum goes on. */
  void finishUpdate() {
    if (evidence instanceof Evidence.Gradient) {
      average = closed(average);
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
    forgetStep();
    average = closed(average);
  }
}
