package dev.filigree.sparsity;

import static dev.filigree.schedule.UpdateSchedules.every;
import static org.assertj.core.api.Assertions.assertThat;

import dev.filigree.mask.Distribution;
import dev.filigree.optim.GradientExchange;
import dev.filigree.schedule.Schedules;
import dev.filigree.sparsity.algorithm.Algorithms;
import dev.filigree.sparsity.algorithm.Evidence;
import dev.filigree.sparsity.algorithm.SparseEvolution;
import dev.filigree.sparsity.algorithm.SparsityAlgorithm;
import dev.filigree.sparsity.algorithm.WeightView;
import dev.filigree.torch.Tensors;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Two replicas in two threads, each with half of every batch, that exchange by hand. */
class ReplicasTest {
  private static final int REPLICAS = 2;
  private static final long STEPS = 20;

  /** Averages what both replicas bring, once both are there. */
  private static final class ByHand {
    private final CyclicBarrier both = new CyclicBarrier(REPLICAS);
    private final List<List<Tensor>> brought = new ArrayList<>(List.of(List.of(), List.of()));

    GradientExchange of(int rank) {
      return tensors -> {
        try (var _ = new NoGradGuard();
            var _ = new PointerScope()) {
          brought.set(rank, tensors);
          both.await();
          List<Tensor> means = new ArrayList<>();
          for (int i = 0; i < tensors.size(); i++) {
            // The same order of the sum on both.
            means.add(brought.get(0).get(i).add(brought.get(1).get(i)).div(new Scalar(2.0)));
          }
          both.await();
          for (int i = 0; i < tensors.size(); i++) {
            tensors.get(i).copy_(means.get(i));
          }
          both.await();
        } catch (Exception e) {
          throw new IllegalStateException("the other replica is gone", e);
        }
      };
    }
  }

  private record Outcome(List<List<Long>> masks, double loss, long grown) {}

  @ParameterizedTest
  @CsvSource({
    "rigl, MASKED",
    "rigl, COMPRESSED",
    "set, MASKED",
    "set, COMPRESSED",
    "granet, COMPRESSED",
    "snfs, MASKED",
    "dsr, MASKED",
    "dsr, COMPRESSED"
  })
  void theirMasksAreEqualAndThoseOfOneProcessWithTheWholeBatch(String name, Execution execution)
      throws Exception {
    var exchange = new ByHand();
    var outcomes = new ArrayList<Future<Outcome>>();
    try (var threads = Executors.newFixedThreadPool(REPLICAS)) {
      for (int rank = 0; rank < REPLICAS; rank++) {
        GradientExchange mine = exchange.of(rank);
        long from = rank * TinyNetwork.BATCH / REPLICAS;
        outcomes.add(
            threads.submit(() -> train(name, execution, mine, from, TinyNetwork.BATCH / REPLICAS)));
      }
    }
    Outcome alone = train(name, execution, GradientExchange.none(), 0, TinyNetwork.BATCH);
    assertThat(outcomes.get(0).get().masks()).isEqualTo(outcomes.get(1).get().masks());
    assertThat(outcomes.get(0).get().masks()).isEqualTo(alone.masks());
    assertThat(alone.grown()).isPositive();
  }

  /** Their gradients differ, and so would the sparsities that each made of its own. */
  @Test
  void sparsityIsSpreadByEvidenceThatTheyAgreedOn() throws Exception {
    var exchange = new ByHand();
    var outcomes = new ArrayList<Future<Outcome>>();
    try (var threads = Executors.newFixedThreadPool(REPLICAS)) {
      for (int rank = 0; rank < REPLICAS; rank++) {
        GradientExchange mine = exchange.of(rank);
        long from = rank * TinyNetwork.BATCH / REPLICAS;
        outcomes.add(
            threads.submit(
                () ->
                    train(
                        new BySaliency(),
                        Execution.MASKED,
                        mine,
                        from,
                        TinyNetwork.BATCH / REPLICAS)));
      }
    }
    assertThat(outcomes.get(0).get().masks()).isEqualTo(outcomes.get(1).get().masks());
  }

  /** All weights of all layers compete by the mean gradient of two steps. */
  private static final class BySaliency extends SparsityAlgorithm {
    BySaliency() {
      super(
          SparseEvolution.builder()
              .sparsity(0.8)
              .dropFraction(0.4)
              .update(every(4).from(4))
              .distribution(Distribution.global())
              .build()
              .settings());
    }

    @Override
    public Evidence evidence() {
      return Evidence.gradient(2);
    }

    @Override
    public Tensor allocationScore(WeightView weight) {
      return weight.gradient().abs();
    }

    @Override
    public Tensor growScore(WeightView weight) {
      return weight.gradient().abs();
    }
  }

  private static Outcome train(
      String name, Execution execution, GradientExchange exchange, long from, long count) {
    boolean gradual = name.equals("granet");
    var algorithm =
        Algorithms.builder(name)
            .sparsity(gradual ? step -> Math.min(0.8, 0.04 * step) : Schedules.constant(0.8))
            .dropFraction(0.4)
            .update(every(4))
            .build();
    return train(algorithm, execution, exchange, from, count);
  }

  private static Outcome train(
      SparsityAlgorithm algorithm,
      Execution execution,
      GradientExchange exchange,
      long from,
      long count) {
    try (var _ = new PointerScope()) {
      var network = new TinyNetwork();
      SparsityOptions options = SparsityOptions.defaults().execution(execution).exchange(exchange);
      double loss = 0;
      var masks = new ArrayList<List<Long>>();
      var history = new MaskHistory();
      try (var optimizer =
          Sparsity.wrap(network, network.adamW(), AlgorithmGroup.of(algorithm), options)) {
        optimizer.addListener(history);
        for (long step = 0; step < STEPS; step++) {
          optimizer.zeroGrad();
          loss = network.backward(step, from, count);
          exchange.average(
              Tensors.namedParameters(network).values().stream().map(Tensor::grad).toList());
          optimizer.step();
        }
        optimizer.parameters().forEach(p -> masks.add(TinyNetwork.kept(p.mask())));
      }
      return new Outcome(
          masks, loss, history.updates().stream().mapToLong(MaskUpdate::grown).sum());
    }
  }
}
